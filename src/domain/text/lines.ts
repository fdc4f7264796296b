import type { Position, Range } from './position';

/** Converts between offsets and positions of one text. A line ends with CRLF, LF or CR, as in editors. */
export class Lines {
  /** Offset of the first character of each line. */
  private readonly starts: readonly number[];

  constructor(readonly text: string) {
    const starts = [0];
    for (const lineEnd of text.matchAll(/\r\n|\r|\n/g)) starts.push(lineEnd.index + lineEnd[0].length);
    this.starts = starts;
  }

  get count(): number {
    return this.starts.length;
  }

  /** An offset outside the text counts as its nearer end. */
  positionAt(offset: number): Position {
    const inside = Math.min(Math.max(offset, 0), this.text.length);
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= inside) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: inside - (this.starts[low] ?? 0) };
  }

  /** A position outside the text counts as the nearest place inside it. */
  offsetAt(position: Position): number {
    if (position.line < 0) return 0;
    const start = this.starts[position.line];
    if (start === undefined) return this.text.length;
    const next = this.starts[position.line + 1] ?? this.text.length;
    return Math.min(start + Math.max(position.character, 0), next);
  }

  /** The text between two offsets as a range; `to` is not included. */
  range(from: number, to: number): Range {
    return { start: this.positionAt(from), end: this.positionAt(Math.max(from, to)) };
  }
}

/** True if `position` lies in `range`, its end included (where a cursor behind the last character stands). */
export function contains(range: Range, position: Position): boolean {
  return !isBefore(position, range.start) && !isBefore(range.end, position);
}

function isBefore(a: Position, b: Position): boolean {
  return a.line < b.line || (a.line === b.line && a.character < b.character);
}
