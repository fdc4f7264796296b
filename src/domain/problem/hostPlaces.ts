import type { Problem } from './problem';

/** Where a session's copy holds things, relative to the problem file, with forward slashes. */
export interface HostPlaces {
  readonly candidate: string;
  /** The foreign folder, if the problem has one. */
  readonly folder?: string;
}

const foreignFolder = 'task';
const ownFolder = 'candidate';

/**
 * A problem with a folder of another tool may name files all over the user's disk; its copy holds the folder as `task/`, and a candidate
 * from elsewhere in `candidate/`. Every other problem lies on the host as it lies here.
 */
export function hostPlaces(problem: Pick<Problem, 'candidate' | 'evaluator'>): HostPlaces {
  const { candidate, evaluator } = problem;
  if (evaluator.kind === 'command') return { candidate };
  const inside = below(evaluator.folder, candidate);
  return {
    folder: foreignFolder,
    candidate: inside === undefined ? `${ownFolder}/${lastSegment(candidate)}` : `${foreignFolder}/${inside}`,
  };
}

/** The path without `.` and, as far as they have something to undo, `..` segments. No trailing slash. */
export function normalPath(path: string): string {
  const isAbsolute = path.startsWith('/');
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    const last = segments.at(-1);
    if (segment === '..' && last !== undefined && last !== '..') segments.pop();
    else if (segment !== '..' || !isAbsolute) segments.push(segment);
  }
  return (isAbsolute ? '/' : '') + segments.join('/');
}

/** True for `/x` and `C:/x`. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:\//.test(path);
}

function below(folder: string, path: string): string | undefined {
  const from = normalPath(folder);
  const to = normalPath(path);
  if (from === '') return isAbsolutePath(to) || to.startsWith('..') ? undefined : to;
  const prefix = from === '/' ? '/' : `${from}/`;
  return to.startsWith(prefix) ? to.slice(prefix.length) : undefined;
}

function lastSegment(path: string): string {
  return normalPath(path).split('/').at(-1) ?? path;
}
