import { readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { filesAbove } from '../../domain/foreign/filesAbove';
import { proposeProblem } from '../../domain/foreign/proposeProblem';
import { recogniseFolder } from '../../domain/foreign/recogniseFolder';
import { hostPlaces, type HostPlaces } from '../../domain/problem/hostPlaces';
import { parseProblem } from '../../domain/problem/parseProblem';
import type { ForeignFormat } from '../../domain/problem/problem';
import { leftOutOfFolder, leftOutOfOwn, type LeftOutRule } from '../../domain/problem/leftOut';
import type { ProblemFileEntry, SessionSpec } from '../../protocol/sessionSpec';
import { errorCode } from '../journal/diskFullError';
import { lookAtFolder, readText } from './lookAtFolder';
import { ProblemError } from './readProblem';

const largestProblemBytes = 64 * 1024 * 1024;

/**
 * The files that a host needs: those of the problem's folder, or, where the problem names a folder of another tool, that folder, the
 * candidate and the problem file alone. `path` is a
 * `*.discover` file, a folder with exactly one, or a folder of another tool. Throws `ProblemError`.
 */
export function collectProblem(path: string): Pick<SessionSpec, 'displayPath' | 'problemFile' | 'files'> {
  const found = findProblem(resolve(path));
  const { problemPath, text } = found;
  const folder = dirname(problemPath);
  const problemFile = basename(problemPath);
  const foreign = foreignSources(text);
  if (foreign === undefined) {
    return {
      displayPath: problemPath,
      problemFile,
      files: filesBelow(problemPath, folder, '', leftOutOfOwn),
    };
  }
  const task = resolve(folder, foreign.folder);
  const files = [
    ...filesBelow(problemPath, task, `${foreign.places.folder}/`, leftOutOfFolder(foreign.format)),
    ...filesAbove(foreign.format, (path) => readText(join(task, path))).flatMap(({ source, place }) =>
      statSync(join(task, source), { throwIfNoEntry: false })?.isFile() === true
        ? [fileEntry(join(task, source), place)]
        : [],
    ),
    { path: problemFile, executable: false, base64: Buffer.from(text).toString('base64') },
  ];
  if (!files.some((file) => file.path === foreign.places.candidate)) {
    const from = resolve(folder, foreign.candidate);
    if (statSync(from, { throwIfNoEntry: false })?.isFile() === true)
      files.push(fileEntry(from, foreign.places.candidate));
  }
  return { displayPath: found.isProposed ? folder : problemPath, problemFile, files };
}

/** What a problem takes from a folder of another tool; undefined if it has none. */
function foreignSources(
  text: string,
): { candidate: string; format: ForeignFormat; folder: string; places: Required<HostPlaces> } | undefined {
  const { problem } = parseProblem(text);
  if (problem?.evaluator.kind !== 'foreign') return undefined;
  const { candidate, folder } = hostPlaces(problem);
  if (folder === undefined) return undefined;
  return {
    candidate: problem.candidate,
    format: problem.evaluator.format,
    folder: problem.evaluator.folder,
    places: { candidate, folder },
  };
}

function fileEntry(from: string, path: string): ProblemFileEntry {
  return entryOf(statSync(from), readFileSync(from), path);
}

function entryOf({ mode }: Stats, content: Buffer, path: string): ProblemFileEntry {
  return { path, executable: (mode & 0o100) !== 0, base64: content.toString('base64') };
}

function filesBelow(
  problemPath: string,
  folder: string,
  prefix: string,
  leftOut: LeftOutRule,
): ProblemFileEntry[] {
  const files: ProblemFileEntry[] = [];
  let totalBytes = 0;
  const visit = (relative: string): void => {
    for (const entry of readdirSync(join(folder, relative), { withFileTypes: true })) {
      const name = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (leftOut.byPath(name)) continue;
      // A link is followed to a file, never into a folder: that could go round.
      const found = statSync(join(folder, name), { throwIfNoEntry: false });
      if (entry.isDirectory()) {
        visit(name);
      } else if (found?.isFile() === true) {
        if (totalBytes + found.size > largestProblemBytes) throw tooLarge(problemPath, folder);
        const content = readFileSync(join(folder, name));
        if (leftOut.byContent(name, content)) continue;
        totalBytes += content.length;
        files.push(entryOf(found, content, prefix + name));
      }
    }
  };
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) visit('');
  return files;
}

interface FoundProblem {
  readonly problemPath: string;
  readonly text: string;
  /** There is no such file: it is what the folder of another tool says. */
  readonly isProposed: boolean;
}

function findProblem(path: string): FoundProblem {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ENOTDIR') throw error;
    throw new ProblemError([`${path}: there is no such file or folder.`]);
  }
  const read = (problemPath: string): FoundProblem => ({
    problemPath,
    text: readFileSync(problemPath, 'utf8'),
    isProposed: false,
  });
  if (!isFolder) {
    if (path.endsWith('.discover')) return read(path);
    throw new ProblemError([`${path}: a problem file has the ending .discover.`]);
  }
  const found = readdirSync(path).filter((name) => name.endsWith('.discover'));
  const [only, ...others] = found;
  if (only === undefined) {
    const text = proposedProblem(path, '.');
    return { problemPath: join(path, 'problem.discover'), text, isProposed: true };
  }
  if (others.length > 0) {
    throw new ProblemError([
      `${path}: there are ${found.length} problems in this folder (${found.join(', ')}); name one.`,
    ]);
  }
  return read(join(path, only));
}

/**
 * The problem file for a folder of another tool, which names it as `name`. Throws `ProblemError` where the folder is of no known format.
 */
export function proposedProblem(folder: string, name: string): string {
  const recognised = recogniseFolder(lookAtFolder(folder));
  if (recognised.kind === 'folder')
    return proposeProblem(recognised.description, name, basename(resolve(folder)));
  throw new ProblemError(
    recognised.kind === 'mistakes'
      ? recognised.problems.map((problem) => `${folder}: ${problem}`)
      : [
          `${folder}: there is no .discover file in this folder, and it is none of another tool (GPU MODE, AtCoder, OpenEvolve, ShinkaEvolve, KernelBench).`,
        ],
  );
}

function tooLarge(problemPath: string, folder: string): ProblemError {
  const limit = `${largestProblemBytes / 1024 / 1024} MiB`;
  return new ProblemError([
    `${problemPath}: the files in ${folder} have more than ${limit}, and all of them would go to the host. Move the problem into a folder of its own, or data out of it.`,
  ]);
}
