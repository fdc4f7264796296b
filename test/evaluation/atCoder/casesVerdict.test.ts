import { describe, expect, it } from 'vitest';
import {
  incumbentScores,
  logMetric,
  verdictOfCases,
  type VerdictContext,
} from '../../../src/evaluation/atCoder/casesVerdict';
import type { RanCase } from '../../../src/evaluation/atCoder/runCase';
import type { Scored } from '../../../src/evaluation/evaluationMethod';

const accepted = (seed: number, score: number, waitedMs = 0): RanCase => ({
  seed,
  verdict: 'AC',
  score,
  measurement: { exitCode: 0, wallMs: 1000, cpuMs: 900, waitedMs },
});
const context = (changes: Partial<VerdictContext>): VerdictContext => ({
  ran: { cases: [accepted(1, 100), accepted(2, 10), accepted(3, 1000)], end: 'all' },
  seeds: [1, 2, 3],
  incumbent: undefined,
  goal: 'maximize',
  timeMs: 60_000,
  isPinned: true,
  ...changes,
});

function scored(changes: Partial<VerdictContext>): Scored {
  const verdict = verdictOfCases(context(changes));
  if (verdict.kind === 'failed') throw new Error(verdict.message);
  return verdict;
}

describe('all cases of a program together', () => {
  it('have means of scores and of their logarithms', () => {
    const { metrics } = scored({});
    expect(metrics).toMatchObject({
      mean_score: 370,
      total_score: 1110,
      lowest_score: 10,
      highest_score: 1000,
    });
    expect(metrics[logMetric]).toBeCloseTo(2, 12);
    expect(metrics['standard_error']).toBeCloseTo(316.0696, 3);
  });

  it('are estimated where the program was stopped, for both means', () => {
    const { metrics, feedback } = scored({
      ran: { cases: [accepted(1, 100), undefined, accepted(3, 1000)], end: 'clearly-worse' },
      incumbent: [200, 1000, 1100],
    });
    // The parent's mean on all seeds, 2300 / 3, less the mean loss of 100.
    expect(metrics['mean_score']).toBeCloseTo(2300 / 3 - 100, 9);
    const logs = (...values: number[]): number => values.reduce((sum, value) => sum + Math.log10(value), 0);
    expect(metrics[logMetric]).toBeCloseTo(
      logs(200, 1000, 1100) / 3 + (logs(100, 1000) - logs(200, 1100)) / 2,
      9,
    );
    expect(metrics).toMatchObject({ cases: 3, cases_run: 2 });
    expect(feedback).toMatch(/^Stopped after 2 of 3 seeds/);
    // An interval for a number of pairs that the data chose would be too narrow.
    expect(feedback).not.toMatch(/±/);
  });

  it('fail as the first one that was not accepted', () => {
    const wrong: RanCase = { seed: 2, verdict: 'TLE', why: 'It took more than 2 s.', said: 'bye' };
    const cases = [accepted(1, 100), wrong, undefined];
    expect(verdictOfCases(context({ ran: { cases, end: 'failed' } }))).toMatchObject({
      kind: 'failed',
      reason: 'timeout',
      message: 'Seed 2 is TLE, which fails the program. It took more than 2 s. 2 of 3 seeds were run.',
      outputTail: 'bye',
      cases: [{ verdict: 'passed' }, { verdict: 'failed', message: 'TLE: It took more than 2 s.' }],
    });
    const unread: RanCase = { seed: 2, verdict: 'IE', why: 'No score.' };
    expect(verdictOfCases(context({ ran: { cases: [unread], end: 'failed' } }))).toMatchObject({
      reason: 'bad-result',
    });
  });

  it('say when the host was busy, and when programs had no core of their own', () => {
    const cases = [accepted(1, 1, 300), accepted(2, 2, 300), accepted(3, 3, 300)];
    const { metrics, feedback } = scored({ ran: { cases, end: 'all' }, isPinned: false });
    expect(metrics['waiting_percent']).toBeCloseTo(30, 9);
    expect(feedback).toMatch(/others computed 30 % of the time/);
    expect(feedback).toMatch(/lacks taskset or flock/);
    expect(scored({}).feedback).not.toMatch(/busy|taskset/);
  });

  it('name the worst seeds in the direction of the metric', () => {
    expect(scored({}).feedback).toMatch(/Worst seeds: 2: 10, 1: 100, 3: 1000\./);
    expect(scored({ goal: 'minimize' }).feedback).toMatch(/Worst seeds: 3: 1000, 1: 100, 2: 10\./);
  });
});

describe('the scores of an incumbent', () => {
  const cases = [
    { name: 'seed 1', verdict: 'passed', value: 5 },
    { name: 'seed 2', verdict: 'passed', value: 7 },
    { name: 'seed 3', verdict: 'failed' },
  ] as const;

  it('are those of the seeds in question, all of them or none', () => {
    expect(incumbentScores(cases, [2, 1])).toEqual([7, 5]);
    expect(incumbentScores(cases, [1, 3])).toBeUndefined();
    expect(incumbentScores(cases, [1, 4])).toBeUndefined();
    expect(incumbentScores(undefined, [1])).toBeUndefined();
  });
});
