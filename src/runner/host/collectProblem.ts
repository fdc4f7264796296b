import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ProblemFileEntry, SessionSpec } from '../../protocol/sessionSpec';
import { errorCode } from '../journal/diskFullError';
import { ProblemError } from './readProblem';

const largestProblemBytes = 64 * 1024 * 1024;
/** Made by tools, never part of a problem; so is every name that begins with a dot. */
const leftOut = new Set(['node_modules', '__pycache__', 'venv']);

/**
 * The files of a problem's folder. `path` is a `*.discover` file, or a folder with exactly one. Throws `ProblemError`.
 */
export function collectProblem(path: string): Pick<SessionSpec, 'displayPath' | 'problemFile' | 'files'> {
  const problemPath = findProblemFile(resolve(path));
  const folder = dirname(problemPath);
  const files: ProblemFileEntry[] = [];
  let totalBytes = 0;
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (entry.name.startsWith('.') || leftOut.has(entry.name)) continue;
      // A link is followed to a file, never into a folder: that could go round.
      const found = statSync(join(folder, name), { throwIfNoEntry: false });
      if (entry.isDirectory()) {
        visit(name);
      } else if (found?.isFile() === true) {
        totalBytes += found.size;
        if (totalBytes > largestProblemBytes) throw tooLarge(problemPath, folder);
        const executable = (found.mode & 0o100) !== 0;
        files.push({ path: name, executable, base64: readFileSync(join(folder, name)).toString('base64') });
      }
    }
  };
  visit('');
  return { displayPath: problemPath, problemFile: basename(problemPath), files };
}

function findProblemFile(path: string): string {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error;
    throw new ProblemError([`${path}: there is no such file or folder.`]);
  }
  if (!isFolder) {
    if (path.endsWith('.discover')) return path;
    throw new ProblemError([`${path}: a problem file has the ending .discover.`]);
  }
  const found = readdirSync(path).filter((name) => name.endsWith('.discover'));
  const [only, ...others] = found;
  if (only === undefined) throw new ProblemError([`${path}: there is no .discover file in this folder.`]);
  if (others.length > 0) {
    throw new ProblemError([
      `${path}: there are ${found.length} problems in this folder (${found.join(', ')}); name one.`,
    ]);
  }
  return join(path, only);
}

function tooLarge(problemPath: string, folder: string): ProblemError {
  const limit = `${largestProblemBytes / 1024 / 1024} MiB`;
  return new ProblemError([
    `${problemPath}: the files in ${folder} have more than ${limit}, and all of them would go to the host. Move the problem into a folder of its own, or data out of it.`,
  ]);
}
