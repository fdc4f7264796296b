import { diffLines, type LineChange, type LineDiff } from './lineDiff';
import { replaceLines } from './lineEdits';
import type { LineRange } from './textLines';

/**
 * The base with those changes that `version` makes to it and `mine` holds already: what was taken over is no edit of the
 * user's own. It is found from the texts alone, so undoing takes it back, and lines typed right beside it do not hide it.
 */
export function withPresentChanges(
  base: readonly string[],
  version: readonly string[],
  mine: readonly string[],
  diff: LineDiff = diffLines,
): readonly string[] {
  const changes = diff(base, version);
  const baseToMine = diff(base, mine);
  if (changes.length === 0 || baseToMine.length === 0) return base;
  const isGone = flagsOf(
    baseToMine.map((change) => change.from),
    base.length,
  );
  const isNew = flagsOf(
    baseToMine.map((change) => change.to),
    mine.length,
  );
  const versionToMine = diff(version, mine);
  const placeInMine = placesAfter(versionToMine, version.length);
  /** In two texts that repeat themselves a line may be matched with another one: only lines that are new in both count. */
  const isTakenOver = (line: number): boolean => isNew[placeInMine[line] ?? -1] === 1;
  const present = changes.filter(({ from, to }) => {
    if (!isGone.subarray(from.start, from.end).every((flag) => flag === 1)) return false;
    if (to.start === to.end) return !growsAt(versionToMine, to.start);
    return indices(to).every(isTakenOver);
  });
  return present.length === 0
    ? base
    : replaceLines(
        base,
        present.map(({ from, to }) => ({ range: from, lines: version.slice(to.start, to.end) })),
      );
}

function indices({ start, end }: LineRange): number[] {
  return Array.from({ length: end - start }, (_, index) => start + index);
}

function flagsOf(ranges: readonly LineRange[], length: number): Uint8Array {
  const flags = new Uint8Array(length);
  for (const { start, end } of ranges) flags.fill(1, start, end);
  return flags;
}

/** Where each line of the first text stands in the second; -1 for lines that are not in it. */
function placesAfter(changes: readonly LineChange[], length: number): Int32Array {
  const places = new Int32Array(length).fill(-1);
  let shift = 0;
  let line = 0;
  for (const { from, to } of changes) {
    for (; line < from.start; line++) places[line] = line + shift;
    line = from.end;
    shift = to.end - from.end;
  }
  for (; line < length; line++) places[line] = line + shift;
  return places;
}

/** Whether lines were added where others were deleted: then these may be the deleted ones, changed. */
function growsAt(changes: readonly LineChange[], place: number): boolean {
  return changes.some(
    ({ from, to }) => from.start <= place && place <= from.end && to.end - to.start > from.end - from.start,
  );
}
