import { isBetter, type Goal } from '../problem/problem';
import type { StepSummary } from './snapshot';

/** A step before anything happened in it. */
export function emptyStep(step: number): StepSummary {
  return { step, proposed: 0, evaluated: 0, valid: 0, finished: false, gauges: {} };
}

/** The numbers of a step's distribution from its values in ascending order; nothing for no values. */
export function distributionOf(
  ascending: readonly number[],
  goal: Goal,
): Pick<StepSummary, 'best' | 'worst' | 'mean' | 'median' | 'p5' | 'p25' | 'p75' | 'p95' | 'values'> {
  const [least, most] = [ascending[0], ascending[ascending.length - 1]];
  if (least === undefined || most === undefined) return {};
  return {
    best: goal === 'minimize' ? least : most,
    worst: goal === 'minimize' ? most : least,
    mean: ascending.reduce((sum, value) => sum + value / ascending.length, 0),
    median: quantile(ascending, 0.5),
    p5: quantile(ascending, 0.05),
    p25: quantile(ascending, 0.25),
    p75: quantile(ascending, 0.75),
    p95: quantile(ascending, 0.95),
    values: ascending,
  };
}

/** The step with its counts and times alone. */
export function withoutDistribution(summary: StepSummary): StepSummary {
  const { step, proposed, evaluated, valid, finished, durationMs, gauges, bestSoFar, times, usage } = summary;
  return {
    step,
    proposed,
    evaluated,
    valid,
    finished,
    gauges,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(bestSoFar === undefined ? {} : { bestSoFar }),
    ...(times === undefined ? {} : { times }),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** Linear between neighbours, as numpy's default. `ascending` is not empty, `fraction` in [0, 1]. */
export function quantile(ascending: readonly number[], fraction: number): number {
  const place = fraction * (ascending.length - 1);
  const below = ascending[Math.floor(place)] ?? Number.NaN;
  const above = ascending[Math.ceil(place)] ?? Number.NaN;
  const share = place - Math.floor(place);
  return below === above ? below : below * (1 - share) + above * share;
}

/** The better of two values of which either may be missing. */
export function betterOf(goal: Goal, a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isBetter(goal, b, a) ? b : a;
}
