import type { LineChange } from './lineDiff';
import { isEmptyRange } from './textLines';

/** Furthest that a block of lines is moved. */
const maxShift = 100;

/**
 * The same changes where people, and the editor's own diff, see them: of the places where a block of added or
 * deleted lines may stand, one beside another change if there is one, else the one that is indented least.
 */
export function tidyChanges(
  changes: readonly LineChange[],
  from: readonly string[],
  to: readonly string[],
): LineChange[] {
  const joined = joinedByShifting(changes, from, to);
  const tidied: LineChange[] = [];
  for (const [index, change] of joined.entries()) {
    tidied.push(settled(change, tidied.at(-1), joined[index + 1], from, to));
  }
  return tidied;
}

function shifted(change: LineChange, by: number): LineChange {
  return {
    from: { start: change.from.start + by, end: change.from.end + by },
    to: { start: change.to.start + by, end: change.to.end + by },
  };
}

/** The lines of a change that only adds or only deletes, and the text that has them; undefined for all others. */
function blockOf(
  change: LineChange,
  from: readonly string[],
  to: readonly string[],
): { readonly lines: readonly string[]; readonly start: number; readonly end: number } | undefined {
  if (isEmptyRange(change.from)) return { lines: to, ...change.to };
  if (isEmptyRange(change.to)) return { lines: from, ...change.from };
  return undefined;
}

function shiftsUp(change: LineChange, limit: number, from: readonly string[], to: readonly string[]): number {
  const block = blockOf(change, from, to);
  if (block === undefined) return 0;
  let by = 0;
  while (by < limit && block.lines[block.start - by - 1] === block.lines[block.end - by - 1]) by += 1;
  return by;
}

function shiftsDown(
  change: LineChange,
  limit: number,
  from: readonly string[],
  to: readonly string[],
): number {
  const block = blockOf(change, from, to);
  if (block === undefined) return 0;
  let by = 0;
  while (by < limit && block.lines[block.start + by] === block.lines[block.end + by]) by += 1;
  return by;
}

function joinedByShifting(
  changes: readonly LineChange[],
  from: readonly string[],
  to: readonly string[],
): LineChange[] {
  const upwards: LineChange[] = [];
  for (const change of changes) {
    const before = upwards.at(-1);
    const gap = before === undefined ? 0 : change.from.start - before.from.end;
    if (before !== undefined && shiftsUp(change, gap, from, to) === gap) {
      upwards[upwards.length - 1] = joinOf(before, shifted(change, -gap));
    } else {
      upwards.push(change);
    }
  }
  const downwards: LineChange[] = [];
  for (const change of upwards.reverse()) {
    const after = downwards.at(-1);
    const gap = after === undefined ? 0 : after.from.start - change.from.end;
    if (after !== undefined && shiftsDown(change, gap, from, to) === gap) {
      downwards[downwards.length - 1] = joinOf(shifted(change, gap), after);
    } else {
      downwards.push(change);
    }
  }
  return downwards.reverse();
}

function joinOf(before: LineChange, after: LineChange): LineChange {
  return {
    from: { start: before.from.start, end: after.from.end },
    to: { start: before.to.start, end: after.to.end },
  };
}

function settled(
  change: LineChange,
  before: LineChange | undefined,
  after: LineChange | undefined,
  from: readonly string[],
  to: readonly string[],
): LineChange {
  const room = {
    up: change.from.start - (before === undefined ? 0 : before.from.end + 1),
    down: (after === undefined ? from.length : after.from.start - 1) - change.from.end,
  };
  const up = shiftsUp(change, Math.min(maxShift, room.up), from, to);
  const down = shiftsDown(change, Math.min(maxShift, room.down), from, to);
  let best = change;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let by = -up; by <= down; by++) {
    const place = shifted(change, by);
    const [one, other] = isEmptyRange(change.from) ? [from, to] : [to, from];
    const [point, block] = isEmptyRange(change.from) ? [place.from, place.to] : [place.to, place.from];
    const score = -(
      indentAround(one, point.start) +
      indentAround(other, block.start) +
      indentAround(other, block.end)
    );
    if (score > bestScore) [best, bestScore] = [place, score];
  }
  return best;
}

function indentAround(lines: readonly string[], place: number): number {
  return indentOf(lines[place - 1]) + indentOf(lines[place]);
}

function indentOf(line: string | undefined): number {
  return line === undefined ? 0 : line.length - line.replace(/^[ \t]+/, '').length;
}
