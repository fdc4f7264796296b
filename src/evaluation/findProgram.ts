import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** Absolute path of an executable file: a bare name is looked up in the search path, others are taken from `cwd`. */
export async function findProgram(
  name: string,
  searchPath: string,
  cwd: string,
): Promise<string | undefined> {
  const paths = name.includes('/')
    ? [resolve(cwd, name)]
    : searchPath
        .split(delimiter)
        .filter((folder) => isAbsolute(folder))
        .map((folder) => join(folder, name));
  for (const path of paths) if (await isExecutableFile(path)) return path;
  return undefined;
}

async function isExecutableFile(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    // Absent, forbidden or broken: for a search they are the same.
    return false;
  }
}
