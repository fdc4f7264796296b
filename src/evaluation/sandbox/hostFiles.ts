import { lstatSync, readFileSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { relative, sep } from 'node:path';
import type { LookAt } from './systemCalls';

/** A host's files as far as a sandbox has to know them. Absent, forbidden and broken are the same here: it cannot be shown. */
export interface HostFiles {
  readonly isThere: (path: string) => boolean;
  readonly isFolder: (path: string) => boolean;
  /** Of a symbolic link, as it stands there. */
  readonly linkTarget: (path: string) => string | undefined;
  readonly realPath: (path: string) => string | undefined;
  readonly names: (folder: string) => readonly string[];
  readonly text: (path: string) => string | undefined;
}

/** `root`: a folder that holds another host's files; by default they are this host's. */
export function hostFiles(root = ''): HostFiles {
  const at = (path: string): string => `${root}${path}`;
  const inside = (path: string): string => (root === '' ? path : `${sep}${relative(root, path)}`);
  return {
    isThere: (path) => looked(() => statSync(at(path))) !== undefined,
    isFolder: (path) => looked(() => statSync(at(path)).isDirectory()) === true,
    linkTarget: (path) =>
      looked(() => (lstatSync(at(path)).isSymbolicLink() ? readlinkSync(at(path)) : undefined)),
    realPath: (path) => looked(() => inside(realpathSync.native(at(path)))),
    names: (folder) => looked(() => readdirSync(at(folder))) ?? [],
    text: (path) => looked(() => readFileSync(at(path), 'utf8')),
  };
}

const here = hostFiles();

export const lookAtFile: LookAt = (path) => {
  const realPath = here.realPath(path);
  return realPath === undefined ? undefined : { realPath, isFolder: here.isFolder(path) };
};

function looked<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
