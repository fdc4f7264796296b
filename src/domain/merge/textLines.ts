/** A run of lines: `start` inclusive, `end` exclusive, counted from 0. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

const byteOrderMark = '\uFEFF';

/**
 * The lines of a text as the editor counts them, never none: a text that ends with a line end has an empty last line.
 * Line ends and a byte order mark are left out, so texts that differ in nothing else have the same lines.
 */
export function linesOf(text: string): string[] {
  return (text.startsWith(byteOrderMark) ? text.slice(1) : text).split(/\r\n|\r|\n/);
}

export function sameLines(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((line, index) => line === b[index]);
}

export function isEmptyRange(range: LineRange): boolean {
  return range.start === range.end;
}

/** Whether ranges overlap; ranges that only touch do not, unless both are the same empty place. */
export function overlaps(a: LineRange, b: LineRange): boolean {
  return (a.start < b.end && b.start < a.end) || (isEmptyRange(a) && isEmptyRange(b) && a.start === b.start);
}
