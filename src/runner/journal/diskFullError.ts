import { DiskFullError } from '../../evaluation/evaluator';

export { DiskFullError };

/** Whether the host had no room: space, quota or inodes. */
export function isDiskFull(error: unknown): boolean {
  if (error instanceof DiskFullError) return true;
  const code = errorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The code of a system error (`ENOENT`, …), if it is one. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
