import { markDifferences } from './markDifferences';
import type { LineRange } from './textLines';
import { tidyChanges } from './tidyChanges';

/** Lines `from` of one text that became lines `to` of another; one of them may be empty, never both. */
export interface LineChange {
  readonly from: LineRange;
  readonly to: LineRange;
}

/** `diffLines`, or one that remembers. */
export type LineDiff = (from: readonly string[], to: readonly string[]) => readonly LineChange[];

/**
 * The changes between two texts, in order; between two changes there is at least one line that stayed. As few lines as
 * possible change, unless that would take long to find: then the changes are right, but may not be the fewest.
 */
export function diffLines(from: readonly string[], to: readonly string[]): LineChange[] {
  const numbers = new Map<string, number>();
  const a = numbered(from, numbers);
  const b = numbered(to, numbers);
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - start && a[a.length - 1 - tail] === b[b.length - 1 - tail]) {
    tail += 1;
  }
  const isChangedA = new Uint8Array(a.length);
  const isChangedB = new Uint8Array(b.length);
  const common = sharedNumbers(a, b, start, tail, numbers.size);
  const left = candidatesOf(a, start, a.length - tail, common, isChangedA);
  const right = candidatesOf(b, start, b.length - tail, common, isChangedB);
  markDifferences(
    Int32Array.from(left, (index) => a[index] ?? -1),
    Int32Array.from(right, (index) => b[index] ?? -1),
    (index) => (isChangedA[left[index] ?? -1] = 1),
    (index) => (isChangedB[right[index] ?? -1] = 1),
  );
  return tidyChanges(changesFrom(isChangedA, isChangedB), from, to);
}

/** A `diffLines` that computes each pair of texts once. Texts are told apart by identity. */
export function rememberingDiff(): LineDiff {
  const known = new Map<readonly string[], Map<readonly string[], readonly LineChange[]>>();
  return (from, to) => {
    const ofFrom = known.get(from) ?? new Map<readonly string[], readonly LineChange[]>();
    known.set(from, ofFrom);
    const changes = ofFrom.get(to) ?? diffLines(from, to);
    ofFrom.set(to, changes);
    return changes;
  };
}

/** Equal lines get equal numbers. */
function numbered(lines: readonly string[], numbers: Map<string, number>): Int32Array {
  return Int32Array.from(lines, (line) => {
    const known = numbers.get(line);
    if (known !== undefined) return known;
    numbers.set(line, numbers.size);
    return numbers.size - 1;
  });
}

/** Flags of the numbers that both texts have between their common start and end. */
function sharedNumbers(a: Int32Array, b: Int32Array, start: number, tail: number, count: number): Uint8Array {
  const inA = new Uint8Array(count);
  for (const number of a.subarray(start, a.length - tail)) inA[number] = 1;
  const inBoth = new Uint8Array(count);
  for (const number of b.subarray(start, b.length - tail)) inBoth[number] = inA[number] ?? 0;
  return inBoth;
}

/** Places of the lines that can have stayed; all others are marked as changed. */
function candidatesOf(
  numbers: Int32Array,
  start: number,
  end: number,
  common: Uint8Array,
  isChanged: Uint8Array,
): number[] {
  const places: number[] = [];
  for (let index = start; index < end; index++) {
    if (common[numbers[index] ?? -1] === 1) places.push(index);
    else isChanged[index] = 1;
  }
  return places;
}

function changesFrom(isChangedA: Uint8Array, isChangedB: Uint8Array): LineChange[] {
  const changes: LineChange[] = [];
  let a = 0;
  let b = 0;
  while (a < isChangedA.length || b < isChangedB.length) {
    const fromStart = a;
    const toStart = b;
    while (isChangedA[a] === 1) a += 1;
    while (isChangedB[b] === 1) b += 1;
    if (a > fromStart || b > toStart) {
      changes.push({ from: { start: fromStart, end: a }, to: { start: toStart, end: b } });
    }
    a += 1;
    b += 1;
  }
  return changes;
}
