import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FolderFiles } from '../../domain/foreign/foreignFolder';

const largestTextBytes = 1024 ** 2;
const leftOut = new Set(['node_modules', '__pycache__', 'target']);
const readable = /(?:\.toml|\.rs|\.js|seeds\.txt|^data\.json)$/;

/** What `readAtCoderFolder` looks at, of a folder on this host. */
export async function folderFiles(folder: string): Promise<FolderFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths: string[] = [];
  const textByPath = new Map<string, string>();
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name).slice(folder.length).replace(/^\/+/, '');
    if (!entry.isFile() || path.split('/').some((name) => name.startsWith('.') || leftOut.has(name)))
      continue;
    paths.push(path);
    if (!readable.test(path) || (await stat(join(folder, path))).size > largestTextBytes) continue;
    textByPath.set(path, await readFile(join(folder, path), 'utf8'));
  }
  return { paths: paths.sort(), read: (path) => textByPath.get(path) };
}
