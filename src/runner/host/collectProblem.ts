import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { hostPlaces, type HostPlaces } from '../../domain/problem/hostPlaces';
import { parseProblem } from '../../domain/problem/parseProblem';
import type { ProblemFileEntry, SessionSpec } from '../../protocol/sessionSpec';
import { errorCode } from '../journal/diskFullError';
import { ProblemError } from './readProblem';

const largestProblemBytes = 64 * 1024 * 1024;
/** Made by tools, never part of a problem; so is every name that begins with a dot. */
const leftOut = new Set(['node_modules', '__pycache__', 'venv', 'target']);

/**
 * The files that a host needs: those of the problem's folder, or, where the problem names a folder of another tool, that folder, the
 * candidate and the problem file alone. `path` is a `*.discover` file, or a folder with exactly one. Throws `ProblemError`.
 */
export function collectProblem(path: string): Pick<SessionSpec, 'displayPath' | 'problemFile' | 'files'> {
  const problemPath = findProblemFile(resolve(path));
  const folder = dirname(problemPath);
  const foreign = foreignSources(problemPath);
  if (foreign !== undefined) {
    const files = [
      ...filesBelow(problemPath, resolve(folder, foreign.folder), `${foreign.places.folder}/`),
      fileEntry(problemPath, basename(problemPath)),
    ];
    if (!files.some(({ path }) => path === foreign.places.candidate)) {
      const from = resolve(folder, foreign.candidate);
      if (statSync(from, { throwIfNoEntry: false })?.isFile() === true)
        files.push(fileEntry(from, foreign.places.candidate));
    }
    return { displayPath: problemPath, problemFile: basename(problemPath), files };
  }
  return {
    displayPath: problemPath,
    problemFile: basename(problemPath),
    files: filesBelow(problemPath, folder, ''),
  };
}

/** What a problem takes from a folder of another tool; undefined if it has none. */
function foreignSources(
  problemPath: string,
): { candidate: string; folder: string; places: Required<HostPlaces> } | undefined {
  const { problem } = parseProblem(readFileSync(problemPath, 'utf8'));
  if (problem?.evaluator.kind !== 'foreign') return undefined;
  const { candidate, folder } = hostPlaces(problem);
  if (folder === undefined) return undefined;
  return {
    candidate: problem.candidate,
    folder: problem.evaluator.folder,
    places: { candidate, folder },
  };
}

function fileEntry(from: string, path: string): ProblemFileEntry {
  const executable = (statSync(from).mode & 0o100) !== 0;
  return { path, executable, base64: readFileSync(from).toString('base64') };
}

function filesBelow(problemPath: string, folder: string, prefix: string): ProblemFileEntry[] {
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
        files.push(fileEntry(join(folder, name), prefix + name));
      }
    }
  };
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) visit('');
  return files;
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
