/** The host has no room (space, quota or inodes) for something that the session must keep. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
  readonly advice: string;
  constructor(path: string, options?: ErrorOptions) {
    super(`No space left on the host for ${path}.`, options);
    this.advice = 'Free some space (df -h and df -i show where it is short), then resume the session.';
  }
}

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
