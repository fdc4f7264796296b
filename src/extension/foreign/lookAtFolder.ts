import { readFileSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderFiles } from '../../domain/foreign/foreignFolder';
import { isLeftOutOfForeign } from '../../domain/problem/leftOut';

const mostFiles = 5000;
const largestTextBytes = 1024 ** 2;

/** Names and texts of a folder, for `recogniseFolder`. Of a larger folder, what comes first. Names with a leading dot are left out. */
export async function lookAtFolder(folder: string, signal: AbortSignal): Promise<FolderFiles> {
  const paths: string[] = [];
  const pending = [''];
  for (let at = pending.shift(); at !== undefined && paths.length < mostFiles; at = pending.shift()) {
    signal.throwIfAborted();
    for (const entry of await readdir(join(folder, at), { withFileTypes: true })) {
      if (isLeftOutOfForeign(entry.name)) continue;
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) pending.push(path);
      else if (paths.length < mostFiles) paths.push(path);
    }
  }
  return { paths, read: (path) => readText(join(folder, path)) };
}

/** A few small files of a folder are read at once: its description wants them one after the other. */
function readText(path: string): string | undefined {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > largestTextBytes) return undefined;
    const bytes = readFileSync(path);
    return bytes.includes(0) ? undefined : bytes.toString('utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return undefined;
    throw error;
  }
}
