import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseResult } from '../../../src/domain/session/outcome';
import { base, failureOf, prepared, valueOf, type Contest } from './contest';

/** Many more than the 13 after which the earliest stop comes: on a busy machine seeds are run again before they count. */
const count = 40;
/** Scores 1000 less the distance, which differs a little by case. */
const near = (off: number): string => `
count, numbers = input(), input()
values = list(map(int, numbers.split()))
print(sum(values) + ${off} + values[0] % 5)
`;
let contest: Contest;
let parent: readonly CaseResult[];

beforeAll(async () => {
  contest = await prepared('batch', { candidate: 'main.py', evaluator: { cases: count, caseTimeMs: 5000 } });
  const { report } = await contest.evaluate(near(0));
  parent = report.cases ?? [];
});
afterAll(async () => {
  await contest.evaluator.dispose();
  rmSync(base, { recursive: true, force: true });
});

function meanOf(cases: readonly CaseResult[]): number {
  return cases.reduce((sum, { value }) => sum + (value ?? NaN), 0) / cases.length;
}

describe('a candidate that is compared with its parent on the same seeds', () => {
  it('is stopped early when it is clearly worse, with an estimate on the same scale', async () => {
    const { report } = await contest.evaluate(near(100), { incumbent: { cases: parent } });
    if (report.outcome.kind === 'failed') throw new Error(report.outcome.message);
    const run = report.cases ?? [];
    expect(run.length).toBeLessThan(count);
    expect(report.outcome.metrics).toMatchObject({ cases: count, cases_run: run.length });
    expect(run.every(({ verdict }) => verdict === 'passed')).toBe(true);
    const others = run.map(({ name }) => parent.find((one) => one.name === name)!);
    expect(valueOf(report)).toBeCloseTo(meanOf(parent) + meanOf(run) - meanOf(others), 6);
    // Each seed loses exactly as much, so the estimate is what all seeds would have given.
    expect(valueOf(report)).toBeCloseTo(meanOf(parent) - 100, 6);
    expect(report.outcome.feedback).toMatch(
      new RegExp(`^Stopped after ${run.length} of ${count} seeds: it is clearly worse than its parent`),
    );
    expect(report.outcome.feedback).toMatch(/wrong with a probability of 1 % at most/);
    expect(report.outcome.feedback).toMatch(/an estimate/);
  });

  it('runs to the end when it is better, and says by how much', async () => {
    const { report } = await contest.evaluate(near(-1), { incumbent: { cases: parent } });
    expect(report.cases).toHaveLength(count);
    if (report.outcome.kind === 'failed') throw new Error(report.outcome.message);
    expect(report.outcome.feedback).toMatch(
      /Against its parent, seed by seed: \+0\.\d+ ± 0\.\d+ at 95 % confidence \(\+0\.\d\d %\); better on \d+, worse on \d+/,
    );
  });

  it('is not stopped by cases of other seeds, nor by a parent that has not run them all', async () => {
    const others = parent.map((one) => ({ ...one, name: `${one.name}0` }));
    expect((await contest.evaluate(near(100), { incumbent: { cases: others } })).report.cases).toHaveLength(
      count,
    );
    const some = parent.slice(1);
    expect((await contest.evaluate(near(100), { incumbent: { cases: some } })).report.cases).toHaveLength(
      count,
    );
  });

  it('fails all the same when a seed is not accepted', async () => {
    const { report } = await contest.evaluate('print("abc")', { incumbent: { cases: parent } });
    expect(failureOf(report).reason).toBe('invalid');
  });
});
