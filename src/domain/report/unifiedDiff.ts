import { diffLines, type LineChange } from '../merge/lineDiff';
import { linesOf } from '../merge/textLines';

export interface DiffLine {
  readonly kind: 'hunk' | 'same' | 'removed' | 'added';
  /** Without its mark and line end. */
  readonly text: string;
}

const contextLines = 3;

/** The difference of two texts as `diff -u` shows it, without the two lines of file names; nothing for equal texts. */
export function unifiedDiff(before: string, after: string): DiffLine[] {
  const [from, to] = [wholeLines(before), wholeLines(after)];
  return hunksOf(diffLines(from, to)).flatMap((changes) => linesOfHunk(changes, from, to));
}

export function diffText(lines: readonly DiffLine[]): string {
  const marks = { hunk: '', same: ' ', removed: '-', added: '+' } as const;
  return lines.map(({ kind, text }) => `${marks[kind]}${text}\n`).join('');
}

/** Changes that are near enough to share their surroundings. */
function hunksOf(changes: readonly LineChange[]): LineChange[][] {
  const hunks: LineChange[][] = [];
  for (const change of changes) {
    const hunk = hunks.at(-1);
    const last = hunk?.at(-1);
    if (hunk !== undefined && last !== undefined && change.from.start - last.from.end <= 2 * contextLines) {
      hunk.push(change);
    } else {
      hunks.push([change]);
    }
  }
  return hunks;
}

function linesOfHunk(
  changes: readonly LineChange[],
  from: readonly string[],
  to: readonly string[],
): DiffLine[] {
  const [first, last] = [changes[0], changes.at(-1)];
  if (first === undefined || last === undefined) return [];
  const before = Math.min(contextLines, first.from.start);
  const after = Math.min(contextLines, from.length - last.from.end);
  const [fromStart, toStart] = [first.from.start - before, first.to.start - before];
  const [fromCount, toCount] = [last.from.end + after - fromStart, last.to.end + after - toStart];
  const lines: DiffLine[] = [];
  const add = (kind: DiffLine['kind'], texts: readonly string[]): void => {
    for (const text of texts) lines.push({ kind, text });
  };
  add('hunk', [`@@ -${rangeText(fromStart, fromCount)} +${rangeText(toStart, toCount)} @@`]);
  let place = fromStart;
  for (const change of changes) {
    add('same', from.slice(place, change.from.start));
    add('removed', from.slice(change.from.start, change.from.end));
    add('added', to.slice(change.to.start, change.to.end));
    place = change.from.end;
  }
  add('same', from.slice(place, place + after));
  return lines;
}

/** Counted from 1; an empty range is named by the line before it. */
function rangeText(start: number, count: number): string {
  const first = count === 0 ? start : start + 1;
  return count === 1 ? String(first) : `${first},${count}`;
}

/** The line end of the last line makes no line of its own. */
function wholeLines(text: string): string[] {
  const lines = linesOf(text);
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}
