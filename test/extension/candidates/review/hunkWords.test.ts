import { describe, expect, it } from 'vitest';
import { reviewCandidate, type CandidateReview } from '../../../../src/domain/merge/review';
import { doneLens, hunkLenses } from '../../../../src/extension/candidates/review/hunkWords';

const seed = 'a = 1\n\n# here\nb = 2\n\n# there\nc = 3\nd = 4';

function review(mine: string, candidate: string): CandidateReview {
  return reviewCandidate({ seed, mine, candidate, accepted: [] }, new Set());
}

describe('the lenses of a review', () => {
  it('stand on the first line of each change, and say how large it is', () => {
    const candidate = seed.replace('a = 1', 'a = 9\na2 = 9').replace('b = 2\n', '');
    const lenses = hunkLenses(review(seed, candidate), 17);
    expect(lenses.map(({ line, actions }) => [line, actions.map((action) => action.title)])).toEqual([
      [0, ['Accept change 1 of 2 (+2 −1)', 'Reject']],
      [4, ['Accept change 2 of 2 (+0 −1)', 'Reject']],
    ]);
  });

  it('stand on the last line where the end was deleted', () => {
    const candidate = seed.replace('\nc = 3\nd = 4', '');
    const lenses = hunkLenses(review(seed, candidate), 17);
    expect(lenses.map((lens) => lens.line)).toEqual([5]);
  });

  it('offer the choices of a conflict', () => {
    const lenses = hunkLenses(review(seed.replace('b = 2', 'b = 3'), seed.replace('b = 2', 'b = 9')), 17);
    expect(lenses.map((lens) => lens.actions.map((action) => [action.title, action.command]))).toEqual([
      [
        ['Conflict: Open Merge Editor', 'resolveConflict'],
        ['Take c17’s Lines', 'acceptHunk'],
        ['Keep Mine', 'rejectHunk'],
      ],
    ]);
  });

  it('give way to one that says when nothing is left to decide', () => {
    const candidate = seed.replace('c = 3', 'c = 9');
    expect(doneLens(review(candidate, candidate), 17).title).toBe('Your file is c17 now: open it');
    const beside = review(candidate.replace('a = 1', 'a = 5'), candidate);
    expect(hunkLenses(beside, 17)).toEqual([]);
    expect(doneLens(beside, 17).title).toBe('Nothing of c17 is left to review: open your file');
  });

  it('say when a change stands beside an edit of mine', () => {
    const lenses = hunkLenses(review(seed.replace('d = 4', 'd = 5'), seed.replace('c = 3', 'c = 9')), 17);
    expect(lenses[0]?.actions[0]?.title).toBe('Accept change 1 of 1 (+1 −1), beside your own edit');
  });

  it('name no icons, which would be read aloud', () => {
    for (const { actions } of hunkLenses(review(seed, ''), 1)) {
      for (const { title } of actions) expect(title).not.toContain('$(');
    }
  });
});
