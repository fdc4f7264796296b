import { keysBelow, problemKeys, type KeySpec } from '../../../domain/problem/keys';
import type { ParsedProblem } from '../../../domain/problem/parseProblem';
import type { Lines } from '../../../domain/text/lines';
import type { Range } from '../../../domain/text/position';
import { indentOf, insertAt, lineEnd, sameRange, textIn, type TextEdit } from './textEdits';

/** A key that is to be added: its line as it is written. */
export interface MissingKey {
  readonly name: string;
  readonly value: string;
}

interface Group {
  /** `''` at the top, `metric`, `references.0`. */
  readonly path: string;
  /** Where a mistake of the group is shown. */
  readonly at: Range;
}

/** The required keys that the group lacks that a mistake at this place is about; a choice has one entry for each of its values. */
export function missingKeysAt(
  parsed: ParsedProblem,
  lines: Lines,
  at: Range,
): { readonly group: string; readonly keys: readonly MissingKey[] } | undefined {
  const group = groupAt(parsed, lines, at);
  if (group === undefined) return undefined;
  const { keys } = parsed.places;
  const names = group.path.split('.').filter((name) => name !== '' && !/^\d+$/.test(name));
  const has = (name: string): boolean => keys.has(group.path === '' ? name : `${group.path}.${name}`);
  const missing = keysBelow(names).filter((key) => key.required === true && !has(key.name));
  const scored = group.path === '' && !has('evaluate') && !has('evaluator');
  const evaluate = scored ? problemKeys.filter(({ name }) => name === 'evaluate') : [];
  const found = [...missing, ...evaluate].flatMap(valuesOf);
  const isNameless =
    group.path === '' &&
    !has('title') &&
    parsed.diagnostics.some(({ message }) => message.startsWith('The problem needs a name'));
  return {
    group: group.path,
    keys: isNameless ? [...found, { name: 'title', value: 'My problem' }] : found,
  };
}

/** Goals are not guessed: both are offered. */
function valuesOf(key: KeySpec): readonly MissingKey[] {
  const values = key.value.kind === 'choice' ? key.value.choices : [key.example];
  return values.slice(0, 6).map((value) => ({ name: key.name, value }));
}

function groupAt(parsed: ParsedProblem, lines: Lines, at: Range): Group | undefined {
  if (textIn(lines, at) === '---') return { path: '', at };
  for (const [path, place] of parsed.places.keys) {
    if (sameRange(place.key, at) && keysBelow(namesOf(path)).length > 0) return { path, at };
  }
  const item = [...parsed.places.keys.keys()]
    .map((path) => /^(.+\.\d+)\./.exec(path)?.[1])
    .find((path) => path !== undefined && within(at, childrenOf(parsed, path)));
  return item === undefined ? undefined : { path: item, at };
}

function namesOf(path: string): string[] {
  return path.split('.').filter((name) => !/^\d+$/.test(name));
}

function childrenOf(parsed: ParsedProblem, path: string): readonly Range[] {
  return [...parsed.places.keys].flatMap(([name, { key, value }]) =>
    name.startsWith(`${path}.`) ? [{ start: key.start, end: value.end }] : [],
  );
}

function within(outer: Range, inner: readonly Range[]): boolean {
  const [first] = inner;
  if (first === undefined) return false;
  const { start, end } = outer;
  const begins =
    first.start.line > start.line ||
    (first.start.line === start.line && first.start.character >= start.character);
  return begins && (first.end.line < end.line || first.end.line === end.line);
}

/** Writes a key into a group: after those that stand before it in the table, in the way that the group is written. */
export function insertionOf(
  parsed: ParsedProblem,
  lines: Lines,
  group: string,
  key: MissingKey,
  at: Range,
): TextEdit | undefined {
  const entry = `${key.name}: ${key.value}`;
  if (group === '') return topInsertion(parsed, lines, key.name, entry);
  const value = group.includes('.') ? at : (parsed.places.keys.get(group)?.value ?? at);
  const written = textIn(lines, value);
  if (written.startsWith('{')) return written.endsWith('}') ? flowInsertion(lines, value, entry) : undefined;
  const last = childrenOf(parsed, group).reduce<Range | undefined>(
    (latest, child) => (latest === undefined || child.end.line >= latest.end.line ? child : latest),
    undefined,
  );
  if (last === undefined) return undefined;
  // The first key of a list's item stands behind a dash: the column is what its neighbours share.
  const column = Math.min(...childrenOf(parsed, group).map(({ start }) => start.character));
  return insertAt(lines, lineEnd(lines, last.end.line), `\n${' '.repeat(column)}${entry}`);
}

function topInsertion(
  parsed: ParsedProblem,
  lines: Lines,
  name: string,
  entry: string,
): TextEdit | undefined {
  const { frontMatter, keys } = parsed.places;
  if (frontMatter === undefined) return undefined;
  const order = problemKeys.map((key): string => key.name);
  const before = order
    .slice(0, order.indexOf(name))
    .flatMap((earlier) => keys.get(earlier) ?? [])
    .filter(({ key }) => indentOf(lines, key.start.line) === '' && key.start.character === 0);
  const lastLine = Math.max(-1, ...before.map(({ value }) => value.end.line));
  const offset =
    lastLine < 0 ? lines.offsetAt(frontMatter.start) : lines.offsetAt({ line: lastLine + 1, character: 0 });
  return insertAt(lines, offset, `${entry}\n`);
}

function flowInsertion(lines: Lines, value: Range, entry: string): TextEdit {
  const from = lines.offsetAt(value.start);
  const inside = textIn(lines, value).slice(1, -1);
  const content = inside.trimEnd();
  const comma = content.trim() === '' ? ' ' : content.endsWith(',') ? ' ' : ', ';
  const gap = content.length === inside.length ? ' ' : '';
  return insertAt(lines, from + 1 + content.length, `${comma}${entry}${gap}`);
}
