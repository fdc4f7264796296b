import type { ProblemPlaces } from '../../../domain/problem/diagnostic';
import { isAbsolutePath, normalPath } from '../../../domain/problem/hostPlaces';
import { Lines } from '../../../domain/text/lines';
import { textIn, type TextEdit } from '../fixes/textEdits';

/** A file or folder that gets another place; absolute paths with forward slashes. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

/**
 * What changes in a problem file when files are renamed or moved, so that it still names the same ones. `problemPath` is where it lies
 * before; it may be among what is moved.
 */
export function renameEdits(
  text: string,
  { candidate, folder, scripts }: ProblemPlaces,
  problemPath: string,
  renames: readonly Rename[],
): readonly TextEdit[] {
  const lines = new Lines(text);
  const folderBefore = parentOf(problemPath);
  const folderAfter = parentOf(movedPath(problemPath, renames));
  const yamlValues = [
    ...(candidate === undefined ? [] : [candidate]),
    ...(folder === undefined ? [] : [folder]),
  ];
  const places = [
    ...yamlValues.map((place) => ({ ...place, write: yamlText })),
    ...scripts.map((place) => ({ ...place, write: shellWord })),
  ];
  return places.flatMap(({ path, range, write }) => {
    const isAbsolute = isAbsolutePath(path);
    const before = isAbsolute ? normalPath(path) : normalPath(`${folderBefore}/${path}`);
    const after = movedPath(before, renames);
    const written = isAbsolute ? after : relativeTo(folderAfter, after);
    if (written === (isAbsolute ? before : relativeTo(folderBefore, before))) return [];
    const old = textIn(lines, range);
    const newText = write(written, old, lines.text.charAt(lines.offsetAt(range.start) - 1));
    return newText === old ? [] : [{ range, newText }];
  });
}

/** Where a path is after the renames: of the innermost folder that is renamed. */
function movedPath(path: string, renames: readonly Rename[]): string {
  const inner = renames
    .filter(({ from }) => path === from || path.startsWith(`${from}/`))
    .toSorted((a, b) => b.from.length - a.from.length)[0];
  return inner === undefined ? path : `${inner.to}${path.slice(inner.from.length)}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function relativeTo(folder: string, path: string): string {
  const from = folder.split('/').filter((segment) => segment !== '');
  const to = path.split('/').filter((segment) => segment !== '');
  let shared = 0;
  while (shared < from.length && shared < to.length && from[shared] === to[shared]) shared += 1;
  const relative = [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/');
  return relative === '' ? '.' : relative;
}

/** A value of YAML: quoted where it was, and where it must be. */
function yamlText(path: string, old: string): string {
  const isPlain =
    /^[\p{L}\p{N}_./][\p{L}\p{N}_./+@-]*$/u.test(path) && !/^[\d.]+$/.test(path.replaceAll('/', ''));
  const isSingle = old.startsWith("'");
  if (isSingle) return `'${path.replaceAll("'", "''")}'`;
  return (isPlain || path === '.' || /^[./]+$/.test(path)) && !old.startsWith('"')
    ? path
    : JSON.stringify(path);
}

/** A word of a command: as a program it keeps its `./`, and blanks are quoted. */
function shellWord(path: string, old: string, before: string): string {
  const word = old.startsWith('./') && !path.startsWith('../') ? `./${path}` : path;
  const isQuoted = before === '"' || before === "'";
  return isQuoted || /^[\w./+@-]+$/.test(word) ? word : `'${word}'`;
}
