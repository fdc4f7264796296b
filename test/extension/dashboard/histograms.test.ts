import { describe, expect, it } from 'vitest';
import type { StepSummary } from '../../../src/domain/session/snapshot';
import { distributionOf, emptyStep } from '../../../src/domain/session/stepStatistics';
import { histogramBinCount, StepHistogramTable } from '../../../src/extension/dashboard/histograms';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { exampleSession, withSnapshot } from './exampleSession';

type Goal = 'minimize' | 'maximize';

function stepOf(step: number, values: readonly number[], goal: Goal): StepSummary {
  const ascending = [...values].sort((a, b) => a - b);
  return { ...emptyStep(step), ...distributionOf(ascending, goal) };
}

/** Steps whose values spread over one unit from `base` on to the worse side, and a tenth of them far beyond. */
function sessionOf(bases: readonly number[], goal: Goal, references: readonly number[] = []): SessionView {
  const sign = goal === 'minimize' ? 1 : -1;
  const steps = bases.map((base, step) => {
    const bulk = Array.from({ length: 90 }, (_, index) => base + (sign * index) / 89);
    const far = Array.from({ length: 10 }, (_, index) => base + sign * 1000 * (index + 1));
    return stepOf(step, [...bulk, ...far], goal);
  });
  const view = exampleSession(0);
  const problem = view.snapshot.problem!;
  return withSnapshot(view, {
    steps,
    problem: {
      ...problem,
      metric: { ...problem.metric, goal },
      references: references.map((value) => ({ label: `at ${value}`, value })),
    },
  });
}

const countsOf = (news: ReturnType<StepHistogramTable['update']>): number[][] =>
  Array.from(news?.histograms.steps ?? [], (_, row) => [
    ...(news?.histograms.counts ?? []).slice(row * histogramBinCount, (row + 1) * histogramBinCount),
  ]);
const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

describe('histograms of steps', () => {
  it.each(['minimize', 'maximize'] as const)(
    'count every value, those that are worse by far in the last bin, where the goal is to %s',
    (goal) => {
      const news = new StepHistogramTable().update(sessionOf([10, 9.5, 9], goal).snapshot);
      expect(news?.isWhole).toBe(true);
      expect([...(news?.histograms.steps ?? [])]).toEqual([0, 1, 2]);
      const counts = countsOf(news);
      expect(counts.map(sum)).toEqual([100, 100, 100]);
      const outermost = goal === 'minimize' ? histogramBinCount - 1 : 0;
      for (const row of counts) expect(row[outermost]).toBeLessThan(25);
      const { low, high } = news!.histograms;
      expect(high - low).toBeLessThan(5);
      const best = goal === 'minimize' ? 9 : 10;
      expect(goal === 'minimize' ? low : high).toBeCloseTo(best, 0);
    },
  );

  it('reach to a reference that is just beyond the best, and not to one that is far away', () => {
    const near = new StepHistogramTable().update(sessionOf([10, 9], 'minimize', [8.9, 2]).snapshot);
    expect(near!.histograms.low).toBeLessThan(8.9);
    expect(near!.histograms.low).toBeGreaterThan(8);
  });

  it('come for the changed step alone while the range stays', () => {
    const table = new StepHistogramTable();
    const view = sessionOf([10, 9], 'minimize');
    table.update(view.snapshot);
    expect(table.update(view.snapshot)).toBeUndefined();
    const steps = [...view.snapshot.steps];
    steps[1] = stepOf(1, [...(steps[1]?.values ?? []), 9.4], 'minimize');
    const news = table.update(withSnapshot(view, { steps }).snapshot);
    expect([news?.isWhole, ...(news?.histograms.steps ?? [])]).toEqual([false, 1]);
    expect(sum(countsOf(news)[0]!)).toBe(101);
  });

  it('come all again when something much better was found', () => {
    const table = new StepHistogramTable();
    table.update(sessionOf([10, 9], 'minimize').snapshot);
    const news = table.update(sessionOf([10, 9, 7], 'minimize').snapshot);
    expect([news?.isWhole, ...(news?.histograms.steps ?? [])]).toEqual([true, 0, 1, 2]);
    expect(table.whole()).toEqual(news);
  });

  it('seldom move in a session that improves all the time', () => {
    const table = new StepHistogramTable();
    const bases = Array.from({ length: 60 }, (_, step) => 10 + 5 * 0.93 ** step);
    const moves = bases.filter(
      (_, last) => table.update(sessionOf(bases.slice(0, last + 1), 'minimize').snapshot)?.isWhole,
    );
    expect(moves.length).toBeLessThan(15);
  });

  it('have a width also where all values are equal', () => {
    const view = exampleSession(0);
    const steps = [stepOf(0, [3, 3, 3], 'minimize')];
    const news = new StepHistogramTable().update(withSnapshot(view, { steps }).snapshot);
    expect(news!.histograms.high).toBeGreaterThan(news!.histograms.low);
    expect(sum(countsOf(news)[0]!)).toBe(3);
  });

  it('are none without a valid value', () => {
    const table = new StepHistogramTable();
    expect(table.update(withSnapshot(exampleSession(0), { steps: [emptyStep(0)] }).snapshot)).toBeUndefined();
    expect(table.whole()).toBeUndefined();
  });
});
