import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProblemDiagnostic } from '../../domain/problem/diagnostic';
import { hostPlaces } from '../../domain/problem/hostPlaces';
import { parseProblem, type ParsedProblem } from '../../domain/problem/parseProblem';
import type { Problem } from '../../domain/problem/problem';
import { checkProblemFiles } from '../../domain/problem/problemFiles';
import type { SessionSpec } from '../../protocol/sessionSpec';

/** The problem file, or a file that it names, is wrong. `lines` are `file:line:column: message`, for people. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly advice = 'Correct the problem file and start again.';
  constructor(readonly lines: readonly string[]) {
    super(lines.join('\n'));
  }
}

/** A problem whose evolving file is at hand. */
export interface ReadyProblem {
  readonly problem: Problem;
  readonly initialText: string;
  /** Diagnostics that do not hinder. */
  readonly warnings: readonly string[];
}

/** Reads the problem among the files of a specification. Throws `ProblemError`. */
export function problemOfSpec(
  spec: Pick<SessionSpec, 'displayPath' | 'problemFile' | 'files'>,
): ReadyProblem {
  const files = new Map(spec.files.map((file) => [file.path, file]));
  return readProblem(
    spec.displayPath,
    spec.problemFile,
    (path) => files.has(path) || spec.files.some((file) => file.path.startsWith(`${path}/`)),
    (path) => {
      const file = files.get(path);
      return file === undefined ? undefined : Buffer.from(file.base64, 'base64').toString('utf8');
    },
  );
}

/** Reads the problem of a session from its folder. Throws `ProblemError`. */
export function problemOfFolder(folder: string, displayPath: string, problemFile: string): ReadyProblem {
  return readProblem(
    displayPath,
    problemFile,
    () => true,
    (path) => readFileSync(join(folder, path), 'utf8'),
  );
}

function readProblem(
  displayPath: string,
  problemFile: string,
  exists: (path: string) => boolean,
  read: (path: string) => string | undefined,
): ReadyProblem {
  const text = read(problemFile);
  if (text === undefined)
    throw new ProblemError([`${displayPath}: the file is not among the problem's files.`]);
  const folder = problemFile.includes('/') ? problemFile.slice(0, problemFile.lastIndexOf('/') + 1) : '';
  const parsed = parseProblem(text);
  const placed = placesOf(parsed);
  const diagnostics = [
    ...parsed.diagnostics,
    ...checkProblemFiles(parsed, (path) => exists(folder + (placed.get(path) ?? path))),
  ];
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const inWords = (diagnostic: ProblemDiagnostic): string => {
    const { line, character } = diagnostic.range.start;
    return `${displayPath}:${line + 1}:${character + 1}: ${diagnostic.message}`;
  };
  const { problem } = parsed;
  if (problem === undefined || errors.length > 0) throw new ProblemError(errors.map(inWords));
  const initialText = read(folder + hostPlaces(problem).candidate);
  if (initialText === undefined) throw new ProblemError([`${displayPath}: ${problem.candidate} is missing.`]);
  // A model that is missing in the file may be chosen at the start, which complains if it is not.
  const warnings = diagnostics
    .filter(({ severity, code }) => severity === 'warning' && code !== 'missing-model')
    .map(inWords);
  return { problem, initialText, warnings };
}

/** Where a session's copy holds what the problem file names by another path. */
function placesOf({ problem }: ParsedProblem): ReadonlyMap<string, string> {
  if (problem?.evaluator.kind !== 'foreign') return new Map();
  const places = hostPlaces(problem);
  return new Map([
    [problem.evaluator.folder, places.folder ?? ''],
    [problem.candidate, places.candidate],
  ]);
}
