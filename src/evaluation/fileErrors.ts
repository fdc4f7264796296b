import { DiskFullError } from './evaluator';

/** The system's code of a failed call, for example `ENOENT`. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Runs an action that writes under the folder; a full disk becomes a `DiskFullError`. */
export async function noticingFullDisk<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new DiskFullError(folder, { cause: error });
    throw error;
  }
}
