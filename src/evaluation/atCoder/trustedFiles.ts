import { stat } from 'node:fs/promises';

/** What a file was when nobody but us had touched it. A later change of it, or of its name, is seen: a program cannot set ctime back. */
export interface FileIdentity {
  readonly path: string;
  readonly identity: string;
}

export async function identityOf(path: string): Promise<FileIdentity> {
  const { ino, dev, size, ctimeNs } = await stat(path, { bigint: true });
  return { path, identity: [ino, dev, size, ctimeNs].join(' ') };
}

export async function isUnchanged({ path, identity }: FileIdentity): Promise<boolean> {
  try {
    return (await identityOf(path)).identity === identity;
  } catch {
    // Gone or forbidden: changed.
    return false;
  }
}
