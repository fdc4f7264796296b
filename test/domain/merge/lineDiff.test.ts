import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffLines } from '../../../src/domain/merge/lineDiff';
import { linesOf } from '../../../src/domain/merge/textLines';

/** `to`, built from the lines of `from` that stayed and the changed lines of `to`. */
function rebuilt(from: readonly string[], to: readonly string[]): string[] {
  const result: string[] = [];
  let place = 0;
  for (const change of diffLines(from, to)) {
    result.push(...from.slice(place, change.from.start), ...to.slice(change.to.start, change.to.end));
    place = change.from.end;
  }
  return [...result, ...from.slice(place)];
}

/** Lines in a longest common subsequence, by the table that every textbook has. */
function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const line of a) {
    const next = [0];
    for (const [index, other] of b.entries()) {
      next.push(line === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

const lines = fc.array(fc.constantFrom('', 'a', 'b', '  c', '}'), { maxLength: 25 });

describe('the difference of two texts', () => {
  it('is nothing for equal texts, whatever their line ends', () => {
    expect(diffLines(linesOf('a\r\nb\r\n'), linesOf('\uFEFFa\nb\n'))).toEqual([]);
  });

  it('turns one into the other, and changes as few lines as possible', () => {
    fc.assert(
      fc.property(lines, lines, (from, to) => {
        expect(rebuilt(from, to)).toEqual(to);
        const kept = diffLines(from, to).reduce(
          (left, change) => left - (change.from.end - change.from.start),
          from.length,
        );
        expect(kept).toBe(longestCommon(from, to));
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps a line between two changes', () => {
    fc.assert(
      fc.property(lines, lines, (from, to) => {
        const changes = diffLines(from, to);
        for (const [index, change] of changes.entries()) {
          const next = changes[index + 1];
          if (next === undefined) continue;
          expect(next.from.start - change.from.end).toBeGreaterThan(0);
          expect(next.from.start - change.from.end).toBe(next.to.start - change.to.end);
        }
      }),
    );
  });

  it('shows an added function as a whole, not from brace to brace', () => {
    const from = ['def a():', '    return 1', '', 'def c():', '    return 1'];
    const to = ['def a():', '    return 1', '', 'def b():', '    return 1', '', 'def c():', '    return 1'];
    expect(diffLines(from, to)).toEqual([{ from: { start: 3, end: 3 }, to: { start: 3, end: 6 } }]);
  });

  it('tells a missing line end at the end of the text', () => {
    expect(diffLines(linesOf('a\n'), linesOf('a'))).toEqual([
      { from: { start: 1, end: 2 }, to: { start: 1, end: 1 } },
    ]);
  });

  it('stays right where the fewest changes would take too long to find', () => {
    const words = ['x = 1', 'y = 2', '}', ''];
    const from = Array.from({ length: 5000 }, (_, index) => words[(index * index + 7) % 4] ?? '');
    const to = Array.from({ length: 5000 }, (_, index) => words[(index * 3 + (index >> 3)) % 4] ?? '');
    expect(rebuilt(from, to)).toEqual(to);
  });
});
