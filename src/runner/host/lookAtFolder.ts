import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { FolderFiles } from '../../domain/foreign/foreignFolder';
import { isLeftOutOfForeign } from '../../domain/problem/leftOut';
import { errorCode } from '../journal/diskFullError';

const mostFiles = 5000;
const largestTextBytes = 1024 ** 2;

/** Names and texts of a folder, for `recogniseFolder`. Of a larger folder, what comes first. Names with a leading dot are left out. */
export function lookAtFolder(folder: string): FolderFiles {
  const paths: string[] = [];
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      if (paths.length >= mostFiles) return;
      if (isLeftOutOfForeign(entry.name)) continue;
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.isDirectory()) visit(path);
      else if (statSync(join(folder, path), { throwIfNoEntry: false })?.isFile() === true) paths.push(path);
    }
  };
  visit('');
  return { paths, read: (path) => readText(join(folder, path)) };
}

/** Undefined for what is not there, is no text, or is too large to look at. */
export function readText(path: string): string | undefined {
  try {
    if (statSync(path).size > largestTextBytes) return undefined;
    const bytes = readFileSync(path);
    return bytes.includes(0) ? undefined : bytes.toString('utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}
