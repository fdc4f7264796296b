import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editsOf, replaceLines } from '../../../src/domain/merge/lineEdits';
import { linesOf } from '../../../src/domain/merge/textLines';
import { mergeRegions, type MergeRegion } from '../../../src/domain/merge/threeWay';
import { anyText, anyTriple, edited } from './support';

type Side = 'mine' | 'theirs';

/** The base, with the regions as `choose` says. */
function built(
  texts: { base: string[]; mine: string[]; theirs: string[] },
  regions: readonly MergeRegion[],
  choose: (region: MergeRegion) => Side,
): string[] {
  return replaceLines(
    texts.base,
    regions.map((region) => {
      const side = choose(region);
      return { range: region.base, lines: texts[side].slice(region[side].start, region[side].end) };
    }),
  );
}

const runs = { numRuns: 3000 };

describe('merging what two people made of one text', () => {
  it('knows every change of either side', () => {
    fc.assert(
      fc.property(anyTriple, (texts) => {
        const all = { base: linesOf(texts.seed), mine: linesOf(texts.mine), theirs: linesOf(texts.theirs) };
        const regions = mergeRegions(all.base, all.mine, all.theirs);
        expect(built(all, regions, () => 'mine')).toEqual(all.mine);
        expect(built(all, regions, () => 'theirs')).toEqual(all.theirs);
      }),
      runs,
    );
  });

  it('does not depend on whose text is whose', () => {
    fc.assert(
      fc.property(anyTriple, (texts) => {
        const base = linesOf(texts.seed);
        const mine = linesOf(texts.mine);
        const theirs = linesOf(texts.theirs);
        const merged = (regions: readonly MergeRegion[], a: string[], b: string[]): string[] =>
          built({ base, mine: a, theirs: b }, regions, (region) =>
            region.kind === 'theirs' ? 'theirs' : 'mine',
          );
        const one = mergeRegions(base, mine, theirs);
        const other = mergeRegions(base, theirs, mine);
        expect(other.map((region) => region.base)).toEqual(one.map((region) => region.base));
        const conflicts = (regions: readonly MergeRegion[]): number =>
          regions.filter((region) => region.kind === 'conflict').length;
        expect(conflicts(other)).toBe(conflicts(one));
        if (conflicts(one) === 0) expect(merged(other, theirs, mine)).toEqual(merged(one, mine, theirs));
      }),
      runs,
    );
  });

  it('merges changes of different lines, and calls different changes of one line a conflict', () => {
    const base = ['a', 'b', 'c', 'd'];
    const kinds = (mine: string[], theirs: string[]): string[] =>
      mergeRegions(base, mine, theirs).map((region) => region.kind);
    expect(kinds(['A', 'b', 'c', 'd'], ['a', 'b', 'c', 'D'])).toEqual(['mine', 'theirs']);
    expect(kinds(['A', 'b', 'c', 'd'], ['a', 'B', 'c', 'd'])).toEqual(['mine', 'theirs']);
    expect(kinds(['a', 'x', 'c', 'd'], ['a', 'y', 'c', 'd'])).toEqual(['conflict']);
    expect(kinds(['a', 'x', 'c', 'd'], ['a', 'x', 'c', 'd'])).toEqual(['same']);
    expect(kinds(['a', 'b', 'x', 'c', 'd'], ['a', 'b', 'y', 'c', 'd'])).toEqual(['conflict']);
    expect(kinds(['a', 'd'], ['a', 'b', 'C', 'd'])).toEqual(['conflict']);
  });
});

describe('edits of lines', () => {
  const place = fc.tuple(fc.nat(14), fc.nat(3), fc.array(fc.constantFrom('', 'x', 'y'), { maxLength: 2 }));

  it('leave the document with the replaced lines, wherever they stand', () => {
    fc.assert(
      fc.property(anyText, fc.array(place, { maxLength: 4 }), (text, wanted) => {
        const lines = linesOf(text);
        let last = 0;
        const replacements = wanted
          .map(([start, length, newLines]) => ({ start, length, newLines }))
          .sort((a, b) => a.start - b.start)
          .flatMap(({ start, length, newLines }) => {
            const range = { start: Math.max(last, start), end: Math.max(last, start) + length };
            if (range.end > lines.length) return [];
            last = range.end;
            return [{ range, lines: newLines }];
          });
        const after = edited(text, editsOf(lines, replacements));
        expect(linesOf(after)).toEqual(replaceLines(lines, replacements));
      }),
      runs,
    );
  });
});
