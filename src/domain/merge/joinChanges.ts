import type { LineChange } from './lineDiff';

/** Characters, blanks aside, of kept lines that are too few to tell two changes apart. */
const fewCharacters = 4;
/** Lines that a change takes away and brings, from which on it swallows such lines. */
const largeChange = 6;

/**
 * Joins changes that only a brace or a blank line holds apart, if one of them is large: one thing to judge, as in the
 * editor's own diffs.
 */
export function joinNearChanges(changes: readonly LineChange[], from: readonly string[]): LineChange[] {
  let joined = [...changes];
  // A joined change is larger, and may swallow the next one.
  for (let isSettled = false; !isSettled;) {
    const next: LineChange[] = [];
    for (const change of joined) {
      const before = next.at(-1);
      if (before !== undefined && areNear(before, change, from)) {
        next[next.length - 1] = {
          from: { start: before.from.start, end: change.from.end },
          to: { start: before.to.start, end: change.to.end },
        };
      } else {
        next.push(change);
      }
    }
    isSettled = next.length === joined.length;
    joined = next;
  }
  return joined;
}

function areNear(before: LineChange, after: LineChange, from: readonly string[]): boolean {
  if (sizeOf(before) < largeChange && sizeOf(after) < largeChange) return false;
  const between = from.slice(before.from.end, after.from.start).join('');
  return between.replace(/\s/g, '').length <= fewCharacters;
}

function sizeOf({ from, to }: LineChange): number {
  return from.end - from.start + (to.end - to.start);
}
