import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editsOf } from '../../../src/domain/merge/lineEdits';
import {
  partsOf,
  replacementOf,
  reviewCandidate,
  takeBack,
  type CandidateReview,
  type ReviewHunk,
} from '../../../src/domain/merge/review';
import { linesOf } from '../../../src/domain/merge/textLines';
import { anyText, anyTriple, edited, editedTriple } from './support';

const none = new Set<string>();

function review(
  seed: string,
  mine: string,
  candidate: string,
  { accepted = [], rejected = none }: { accepted?: readonly string[]; rejected?: ReadonlySet<string> } = {},
): CandidateReview {
  return reviewCandidate({ seed, mine, candidate, accepted }, rejected);
}

function accept(mine: string, of: CandidateReview, hunks: readonly ReviewHunk[] = of.open): string {
  return edited(mine, editsOf(of.mine, hunks.map(replacementOf)));
}

const seed = ['import math', '', 'N = 10', 'M = 20', 'STEP = 0.1', '', 'print(N)', 'print(M)', ''].join('\n');
const candidate = seed
  .replace('N = 10', 'N = 12')
  .replace('STEP = 0.1', 'STEP = 0.05\nWARM = 3')
  .replace('print(M)\n', '');

describe('reviewing a candidate', () => {
  it('proposes each change by itself, on top of what the user has', () => {
    const mine = seed.replace('import math', 'import math  # mine');
    const { open, proposed, isExact } = review(seed, mine, candidate);
    expect(open.map((hunk) => [hunk.oldLines, hunk.newLines])).toEqual([
      [['N = 10'], ['N = 12']],
      [['STEP = 0.1'], ['STEP = 0.05', 'WARM = 3']],
      [['print(M)'], []],
    ]);
    expect(proposed).toEqual(linesOf(candidate.replace('import math', 'import math  # mine')));
    expect(isExact).toBe(false);
  });

  it('takes over one change, and leaves the others as they were', () => {
    const before = review(seed, seed, candidate);
    const second = before.open.slice(1, 2);
    const mine = accept(seed, before, second);
    expect(mine).toBe(seed.replace('STEP = 0.1', 'STEP = 0.05\nWARM = 3'));
    const after = review(seed, mine, candidate);
    expect(after.open.map((hunk) => hunk.id)).toEqual([before.open[0]?.id, before.open[2]?.id]);
  });

  it('knows a change again after the user typed elsewhere, right beside an accepted one too', () => {
    const before = review(seed, seed, candidate);
    const mine = accept(seed, before, before.open.slice(0, 1)).replace('M = 20', 'M = 21');
    const after = review(seed, mine, candidate);
    expect(after.open.map((hunk) => [hunk.id, hunk.isConflict])).toEqual([
      [before.open[1]?.id, false],
      [before.open[2]?.id, false],
    ]);
    expect(after.open[0]?.touchesOwnEdit).toBe(true);
    const deleted = accept(seed, before, before.open.slice(2)).replace('print(N)', 'print(N + 1)');
    expect(review(seed, deleted, candidate).open.some((hunk) => hunk.isConflict)).toBe(false);
  });

  it('calls it a conflict where both changed a line, and keeps the user’s until they choose', () => {
    const mine = seed.replace('STEP = 0.1', 'STEP = 0.2');
    const { open, proposed } = review(seed, mine, candidate);
    expect(open.map((hunk) => hunk.isConflict)).toEqual([false, true, false]);
    expect(proposed).toContain('STEP = 0.05');
    expect(open[1]?.oldLines).toEqual(['STEP = 0.2']);
  });

  it('leaves out what was rejected, in every descendant that makes the same change', () => {
    const before = review(seed, seed, candidate);
    const rejected = new Set(before.open.slice(0, 1).flatMap(partsOf));
    const after = review(seed, seed, candidate, { rejected });
    expect(after.rejected.map((hunk) => hunk.newLines)).toEqual([['N = 12']]);
    expect(after.proposed).toContain('N = 10');
    const descendant = `# c23\n${candidate.replace('WARM = 3', 'WARM = 4')}`;
    const ofDescendant = review(seed, seed, descendant, { rejected });
    expect(ofDescendant.rejected.map((hunk) => hunk.newLines)).toEqual([['N = 12']]);
    expect(ofDescendant.open).toHaveLength(3);
  });

  it('replaces the lines of a candidate that was accepted before, and only those', () => {
    const next = seed.replace('N = 10', 'N = 15');
    const mine = `${accept(seed, review(seed, seed, candidate))}# mine`;
    const { open, proposed } = review(seed, mine, next, { accepted: [candidate] });
    expect(open.filter((hunk) => hunk.isConflict)).toEqual([]);
    expect(proposed).toEqual(linesOf(`${next}# mine`));
  });

  it('sees no change in line ends and byte order marks', () => {
    const { open, isExact } = review(seed, seed.replaceAll('\n', '\r\n'), `\uFEFF${seed}`);
    expect(open).toEqual([]);
    expect(isExact).toBe(true);
  });

  it('works on empty texts, missing last line ends, and deletions at the end', () => {
    for (const [from, to] of [
      ['', 'a\n'],
      ['a\n', ''],
      ['a\nb', 'a'],
      ['a\nb\n', 'a\n'],
      ['a', 'a\n'],
      ['a\n', 'a'],
      ['a\nb', 'a\nc'],
    ] as const) {
      const { open, proposed } = review(from, from, to);
      expect(open).toHaveLength(1);
      expect(proposed).toEqual(linesOf(to));
      expect(accept(from, review(from, from, to))).toBe(to);
    }
  });

  it('always ends with what it proposed, and with the candidate where the user changed nothing', () => {
    fc.assert(
      fc.property(anyTriple, (texts) => {
        const of = review(texts.seed, texts.mine, texts.theirs);
        expect(linesOf(accept(texts.mine, of))).toEqual(of.proposed);
        const untouched = review(texts.seed, texts.seed, texts.theirs);
        expect(untouched.open.some((hunk) => hunk.isConflict)).toBe(false);
        const all = accept(texts.seed, untouched);
        expect(linesOf(all)).toEqual(linesOf(texts.theirs));
        expect(review(texts.seed, all, texts.theirs)).toMatchObject({ open: [], isExact: true });
      }),
      { numRuns: 3000 },
    );
  });

  it('loses no line of the user: each is in the result or in a conflict', () => {
    fc.assert(
      fc.property(editedTriple, (texts) => {
        const of = review(texts.seed, texts.mine, texts.theirs);
        const merged = accept(
          texts.mine,
          of,
          of.open.filter((hunk) => !hunk.isConflict),
        );
        const left = new Map<string, number>();
        for (const line of linesOf(merged)) left.set(line, (left.get(line) ?? 0) + 1);
        for (const line of linesOf(texts.mine)) {
          if (!line.startsWith('mine')) continue;
          expect(left.get(line) ?? 0).toBeGreaterThan(0);
          left.set(line, (left.get(line) ?? 0) - 1);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('shows each hunk where it stands in the proposal', () => {
    fc.assert(
      fc.property(anyTriple, (texts) => {
        const of = review(texts.seed, texts.mine, texts.theirs);
        for (const hunk of of.open) {
          expect(of.proposed.slice(hunk.shown.start, hunk.shown.end)).toEqual(hunk.newLines);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('reaches the candidate hunk by hunk, in any order, wherever lines tell places apart', () => {
    fc.assert(
      fc.property(editedTriple, fc.infiniteStream(fc.nat(100)), (texts, choices) => {
        let mine = texts.seed;
        for (let of = review(texts.seed, mine, texts.theirs); of.open.length > 0;) {
          const chosen = of.open[choices.next().value % of.open.length];
          if (chosen === undefined) throw new Error('no hunk');
          const before = of.open.length;
          mine = accept(mine, of, [chosen]);
          of = review(texts.seed, mine, texts.theirs);
          expect(of.open.length).toBeLessThan(before);
        }
        expect(linesOf(mine)).toEqual(linesOf(texts.theirs));
      }),
      { numRuns: 3000 },
    );
  });

  it('takes an accepted change back out from under later edits', () => {
    const after = accept(seed, review(seed, seed, candidate));
    const mine = `# later\n${after}`;
    const replacements = takeBack(seed, after, mine);
    expect(edited(mine, editsOf(linesOf(mine), replacements ?? []))).toBe(`# later\n${seed}`);
    expect(takeBack(seed, after, after.replace('N = 12', 'N = 13'))).toBeUndefined();
    expect(takeBack(seed, after, seed)).toEqual([]);
  });

  it('is quick on long texts that repeat themselves', () => {
    const text = (n: number): string =>
      Array.from({ length: 5000 }, (_, index) => (index % n === 0 ? `x${index % 7}` : '}')).join('\n');
    const of = review(text(5), text(6), text(7));
    expect(linesOf(accept(text(6), of))).toEqual(of.proposed);
  });

  it('says of any text whether it is the candidate', () => {
    fc.assert(
      fc.property(anyText, anyText, (mine, theirs) => {
        expect(review(mine, mine, theirs).isExact).toBe(mine === theirs);
      }),
    );
  });
});
