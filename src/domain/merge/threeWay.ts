import { diffLines, type LineChange } from './lineDiff';
import { overlaps, sameLines, type LineRange } from './textLines';

/**
 * Who changed the lines: the one side, the other, both in the same way, or both in different ways, which is a conflict.
 */
export type RegionKind = 'mine' | 'theirs' | 'same' | 'conflict';

/** A place that was changed since the base, in each of the three texts. */
export interface MergeRegion {
  readonly kind: RegionKind;
  readonly base: LineRange;
  readonly mine: LineRange;
  readonly theirs: LineRange;
  /** The changes of the other side in it. */
  readonly theirChanges: readonly LineChange[];
}

/**
 * Where two texts differ from the base that both began with, in order. Changes that overlap are one region; changes that
 * only touch stay apart. The line ranges of `mine` and `theirs` outside all regions hold the lines of the base.
 */
export function mergeRegions(
  base: readonly string[],
  mine: readonly string[],
  theirs: readonly string[],
  mineChanges: readonly LineChange[] = diffLines(base, mine),
  theirChanges: readonly LineChange[] = diffLines(base, theirs),
): MergeRegion[] {
  const waiting = [
    ...mineChanges.map((change) => ({ change, isMine: true })),
    ...theirChanges.map((change) => ({ change, isMine: false })),
  ].sort(
    (a, b) =>
      a.change.from.start - b.change.from.start ||
      a.change.from.end - b.change.from.end ||
      Number(b.isMine) - Number(a.isMine),
  );
  const regions: MergeRegion[] = [];
  /** How far the lines of a side are shifted against the base, before the next region. */
  let mineShift = 0;
  let theirShift = 0;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    let range = next.change.from;
    const members = [next];
    for (
      let other = waiting[0];
      other !== undefined && overlaps(range, other.change.from);
      other = waiting[0]
    ) {
      range = { start: range.start, end: Math.max(range.end, other.change.from.end) };
      members.push(other);
      waiting.shift();
    }
    const ours = members.filter((member) => member.isMine).map((member) => member.change);
    const others = members.filter((member) => !member.isMine).map((member) => member.change);
    const mineGrowth = growthOf(ours);
    const theirGrowth = growthOf(others);
    const mineRange = { start: range.start + mineShift, end: range.end + mineShift + mineGrowth };
    const theirRange = { start: range.start + theirShift, end: range.end + theirShift + theirGrowth };
    mineShift += mineGrowth;
    theirShift += theirGrowth;
    const isSame = sameLines(
      mine.slice(mineRange.start, mineRange.end),
      theirs.slice(theirRange.start, theirRange.end),
    );
    regions.push({
      kind: others.length === 0 ? 'mine' : ours.length === 0 ? 'theirs' : isSame ? 'same' : 'conflict',
      base: range,
      mine: mineRange,
      theirs: theirRange,
      theirChanges: others,
    });
  }
  return regions;
}

function growthOf(changes: readonly LineChange[]): number {
  return changes.reduce((sum, { from, to }) => sum + (to.end - to.start) - (from.end - from.start), 0);
}
