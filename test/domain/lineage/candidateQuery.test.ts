import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesQuery, parseQuery, QueryError } from '../../../src/domain/lineage/candidateQuery';
import type { CandidateRecord } from '../../../src/domain/session/snapshot';

const base: CandidateRecord = {
  id: 17,
  step: 23,
  group: 0,
  member: 0,
  sha256: 'a'.repeat(64),
  proposedAtMs: 0,
  note: 'Simulated annealing with a slower schedule',
};
const valid: CandidateRecord = {
  ...base,
  outcome: { kind: 'valid', value: 0.38, reward: 2.6, metrics: {} },
};
const late: CandidateRecord = {
  ...base,
  outcome: { kind: 'failed', reason: 'timeout', message: 'Too slow.' },
};

function finds(text: string, record: CandidateRecord, decision?: 'accepted' | 'rejected'): boolean {
  return matchesQuery(record, parseQuery(text), { decision, isInProgram: false });
}

describe('a query for candidates', () => {
  it('keeps to bounds of the value and of the step', () => {
    expect(finds('value < 0.4', valid)).toBe(true);
    expect(finds('value<0.38', valid)).toBe(false);
    expect(finds('value 0.3..0.38', valid)).toBe(true);
    expect(finds('value ≤ 3.8e-1', valid)).toBe(true);
    expect(finds('value > -1 step 24', valid)).toBe(true);
    expect(finds('step 1..23', valid)).toBe(false);
    expect(finds('step=0', { ...valid, step: -1 })).toBe(true);
    expect(finds('value < 1', late), 'what has no value is in no range').toBe(false);
  });

  it('takes states as alternatives, and knows each reason of a failure', () => {
    expect(finds('valid', valid)).toBe(true);
    expect(finds('failed', late)).toBe(true);
    expect(finds('timeout crashed', late)).toBe(true);
    expect(finds('crashed', late)).toBe(false);
    expect(finds('running', base)).toBe(true);
    expect(finds('accepted', valid, 'accepted')).toBe(true);
    expect(finds('accepted', valid, 'rejected')).toBe(false);
    expect(finds('verified', { ...valid, verification: { verdict: 'confirmed', durationMs: 1 } })).toBe(true);
  });

  it('finds words in the note, in whatever case, and phrases as they stand', () => {
    expect(finds('ANNEALING slower', valid)).toBe(true);
    expect(finds('"slower annealing"', valid)).toBe(false);
    expect(finds('"slower schedule', valid)).toBe(true);
    expect(finds('"valid"', valid), 'in quotation marks it is a word').toBe(false);
    expect(matchesQuery(valid, parseQuery('numpy'), { decision: undefined, isInProgram: true })).toBe(true);
  });

  it('says what to write in place of a bound without a number', () => {
    expect(() => parseQuery('value <')).toThrow(QueryError);
    expect(() => parseQuery('step three')).toThrow(/step < 10/);
    expect(parseQuery('"value"').words).toEqual(['value']);
  });

  it('reads any text, or says why not', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          finds(text, valid);
        } catch (error) {
          expect(error).toBeInstanceOf(QueryError);
        }
      }),
    );
  });
});
