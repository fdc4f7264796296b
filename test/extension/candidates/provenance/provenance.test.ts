import { describe, expect, it } from 'vitest';
import { replaceLines } from '../../../../src/domain/merge/lineEdits';
import { replacementOf, reviewCandidate } from '../../../../src/domain/merge/review';
import {
  acceptedAround,
  acceptedText,
  fidelityOf,
  parseAccepted,
  withAcceptance,
  type AcceptedRecord,
} from '../../../../src/extension/candidates/provenance/provenance';

const seed = 'a = 1\n\n# here\nb = 2\n\n# there\nc = 3\nd = 4';
const candidate = seed.replace('a = 1', 'a = 9').replace('c = 3\nd = 4', 'c = 9\nx = 0\nd = 4');
const nobody = new Set<string>();

const news: Omit<AcceptedRecord, 'accepted'> = {
  file: 'slope/slope.py',
  session: '01JD8E2V7Q0000000000000000',
  problem: 'Slope',
  candidate: 17,
  sha256: 'abc',
  ancestors: [12, 0],
  step: 24,
  metric: { name: 'height', value: 0.5, unit: 'm' },
  fidelity: 'partial',
  rejected: [],
  undecided: 1,
  before: 'first',
  after: 'later',
  acceptedAt: '2026-11-22T10:00:00.000Z',
};

function review(mine: string) {
  return reviewCandidate({ seed, mine, candidate, accepted: [] }, nobody);
}

describe('the record of what was accepted', () => {
  it('says whether the score is the file’s', () => {
    expect(fidelityOf(review(candidate))).toBe('exact');
    expect(fidelityOf(review(`# mine\n${candidate}`))).toBe('rebased');
    expect(fidelityOf(review(seed.replace('a = 1', 'a = 9')))).toBe('partial');
    const all = review(seed).open;
    const rejected = new Set(all.slice(0, 1).map((hunk) => hunk.id));
    const mine = seed.replace('c = 3\nd = 4', 'c = 9\nx = 0\nd = 4');
    expect(fidelityOf(reviewCandidate({ seed, mine, candidate, accepted: [] }, rejected))).toBe('partial');
  });

  it('grows by the changes of one candidate, and keeps the text that it began with', () => {
    const [first, second] = review(seed).open;
    if (first === undefined || second === undefined) throw new Error('two changes expected');
    const once = withAcceptance([], news, [first]);
    const twice = withAcceptance(once, { ...news, before: 'second', undecided: 0 }, [second]);
    expect(twice).toHaveLength(1);
    expect(twice[0]).toMatchObject({ before: 'first', undecided: 0 });
    expect(twice[0]?.accepted.map((change) => change.id)).toEqual([first.id, second.id]);
    const other = withAcceptance(twice, { ...news, candidate: 18 }, [first]);
    expect(other.map((record) => record.candidate)).toEqual([17, 18]);
  });

  it('is read as it was written, and nothing else is', () => {
    const records = withAcceptance([], news, review(seed).open);
    expect(parseAccepted(acceptedText(records))).toEqual(records);
    expect(() => parseAccepted('{"version": 2}')).toThrow();
    expect(() => parseAccepted('no')).toThrow();
  });

  it('finds accepted lines again, wherever they moved, and not once they changed', () => {
    const before = review(seed);
    const records = withAcceptance([], news, before.open);
    const lines = ['# mine', ...replaceLines(before.mine, before.open.map(replacementOf))];
    expect(acceptedAround(records, lines, 1)).toMatchObject({ start: 1, end: 2 });
    const second = lines.indexOf('x = 0');
    expect(acceptedAround(records, lines, second)?.record.candidate).toBe(17);
    expect(acceptedAround(records, lines, 0)).toBeUndefined();
    expect(acceptedAround(records, lines.with(1, 'a = 10'), 1)).toBeUndefined();
  });
});
