import { describe, expect, it } from 'vitest';
import { reviewCandidate } from '../../../../src/domain/merge/review';
import { linesOf } from '../../../../src/domain/merge/textLines';
import { NumberedLines, standingOf } from '../../../../src/extension/candidates/provenance/standing';
import {
  acceptedText,
  fidelityOf,
  parseAccepted,
  withAcceptance,
  type NewAcceptance,
} from '../../../../src/extension/candidates/provenance/provenance';

const seed = 'a = 1\n\n# here\nb = 2\n\n# there\nc = 3\nd = 4';
const candidate = seed.replace('a = 1', 'a = 9').replace('c = 3\nd = 4', 'c = 9\nx = 0\nd = 4');
const lines = linesOf(seed);
const nobody = new Set<string>();

const news: NewAcceptance = {
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
    const once = withAcceptance([], news, [first], lines);
    const twice = withAcceptance(once, { ...news, before: 'second', undecided: 0 }, [second], lines);
    expect(twice).toHaveLength(1);
    expect(twice[0]).toMatchObject({ before: 'first', undecided: 0 });
    expect(twice[0]?.accepted.map((change) => change.id)).toEqual([first.id, second.id]);
    const other = withAcceptance(twice, { ...news, candidate: 18 }, [first], lines);
    expect(other.map((record) => record.candidate)).toEqual([17, 18]);
    const again = withAcceptance(twice, news, [first], lines, [second]);
    expect(
      again[0]?.accepted.map((change) => change.id),
      'the second was undone',
    ).toEqual([first.id]);
  });

  it('is read as it was written, with what other versions wrote beside it, and nothing else is', () => {
    const records = withAcceptance([], news, review(seed).open, lines);
    expect(parseAccepted(acceptedText(records))).toEqual(records);
    const newer = records.map((record) => ({ ...record, ofTomorrow: { value: 3 } }));
    expect(parseAccepted(acceptedText(newer))).toEqual(newer);
    expect(() => parseAccepted('{"version": 2}')).toThrow();
    expect(() => parseAccepted('no')).toThrow();
  });

  it('reads the records of earlier versions, which do not know what was undone', () => {
    const [record] = withAcceptance([], news, review(seed).open, lines);
    const accepted = record?.accepted.map(({ replaced: _, ...change }) => change);
    const [old] = parseAccepted(JSON.stringify({ version: 1, accepted: [{ ...record, accepted }] }));
    if (old === undefined) throw new Error('a record expected');
    expect(standingOf(old, new NumberedLines(linesOf(candidate))).runs).toHaveLength(2);
    expect(standingOf(old, new NumberedLines(lines)).fidelity).toBe('undone');
  });
});
