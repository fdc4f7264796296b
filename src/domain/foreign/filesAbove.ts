import type { ForeignFormat } from '../problem/problem';
import { readGpuModeTask } from './gpuModeTask';

/** A file outside a foreign folder that the folder needs. */
export interface FileAbove {
  /** Relative to the folder, for example `../eval.py`. */
  readonly source: string;
  /** Where a session's copy holds it, relative to the problem file. */
  readonly place: string;
}

const above = 'above';
const mostLevels = 3;
/** Only programs and small data: a folder from a stranger must not carry a user's other files to a host. */
const endings = /\.(py|pyi|cu|cuh|h|hh|hpp|hxx|inl|inc|c|cc|cpp|cxx|json|ya?ml|toml|txt|md)$/i;

/**
 * Where a session's copy holds a file above the foreign folder; undefined for files in the folder, and for those that
 * never travel: more than three levels up, names with a leading dot, and what is neither program nor text.
 */
export function placeAbove(source: string): string | undefined {
  const segments = source.split('/').filter((segment) => segment !== '' && segment !== '.');
  const levels = segments.findIndex((segment) => segment !== '..');
  const rest = segments.slice(levels);
  if (source.startsWith('/') || levels < 1 || levels > mostLevels) return undefined;
  if (rest.some((segment) => segment.startsWith('.')) || !endings.test(source)) return undefined;
  return [above, String(levels), ...rest].join('/');
}

/**
 * The files outside a foreign folder that its own description names. `read` gives the text of a file of the folder;
 * nothing if the folder has mistakes.
 */
export function filesAbove(
  format: ForeignFormat,
  read: (path: string) => string | undefined,
): readonly FileAbove[] {
  if (format !== 'gpu-mode') return [];
  const text = read('task.yml');
  const found = text === undefined ? undefined : readGpuModeTask(text);
  if (found === undefined || 'problems' in found) return [];
  return found.task.files.flatMap(({ source }) => {
    const place = placeAbove(source);
    return place === undefined ? [] : [{ source, place }];
  });
}
