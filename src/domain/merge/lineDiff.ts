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
export function diffLines(
  from: readonly string[],
  to: readonly string[],
  numbers = new LineNumbers(),
): LineChange[] {
  const start = commonStart(from, to);
  const tail = commonTail(from, to, Math.min(from.length, to.length) - start);
  if (start + tail === from.length && from.length === to.length) return [];
  const a = numbers.of(from);
  const b = numbers.of(to);
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

/** Lines from which on `rememberingDiff` forgets their numbers: a document that is typed in has ever new ones. */
const mostNumbers = 200_000;

/**
 * A `diffLines` that computes each pair of texts once, and looks at the lines of each text once. Texts are told apart by
 * identity, and forgotten with it.
 */
export function rememberingDiff(): LineDiff {
  const known = new WeakMap<readonly string[], WeakMap<readonly string[], readonly LineChange[]>>();
  let numbers = new LineNumbers();
  return (from, to) => {
    if (from === to) return [];
    const ofFrom = known.get(from) ?? new WeakMap<readonly string[], readonly LineChange[]>();
    known.set(from, ofFrom);
    if (numbers.size > mostNumbers) numbers = new LineNumbers();
    const changes = ofFrom.get(to) ?? diffLines(from, to, numbers);
    ofFrom.set(to, changes);
    return changes;
  };
}

/** Numbers in place of lines, which are faster to compare: equal lines have equal ones. */
class LineNumbers {
  private readonly ofLine = new Map<string, number>();
  private readonly ofText = new WeakMap<readonly string[], Int32Array>();

  /** All numbers are less. */
  get size(): number {
    return this.ofLine.size;
  }

  of(lines: readonly string[]): Int32Array {
    const known = this.ofText.get(lines);
    if (known !== undefined) return known;
    const { ofLine } = this;
    const numbers = new Int32Array(lines.length);
    for (const [index, line] of lines.entries()) {
      let number = ofLine.get(line);
      if (number === undefined) {
        number = ofLine.size;
        ofLine.set(line, number);
      }
      numbers[index] = number;
    }
    this.ofText.set(lines, numbers);
    return numbers;
  }
}

/** How many lines two texts begin with together. */
function commonStart(from: readonly string[], to: readonly string[]): number {
  const most = Math.min(from.length, to.length);
  let count = 0;
  while (count < most && from[count] === to[count]) count += 1;
  return count;
}

/** How many lines two texts end with together; no more than `most`. */
function commonTail(from: readonly string[], to: readonly string[], most: number): number {
  let count = 0;
  while (count < most && from[from.length - 1 - count] === to[to.length - 1 - count]) count += 1;
  return count;
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
