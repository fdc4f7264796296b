import type { StepHistograms } from '../../src/protocol/dashboardData';

/** The histogram of each step over one range of values. */
export interface Histograms {
  readonly low: number;
  readonly high: number;
  readonly binCount: number;
  /** By step; bins from `low` up. */
  readonly byStep: ReadonlyMap<number, Uint32Array>;
}

/** `known` with what was sent since. */
export function withHistograms(
  known: Histograms | undefined,
  isWhole: boolean,
  changed: StepHistograms,
): Histograms {
  const { low, high, binCount, steps, counts } = changed;
  const byStep = new Map(isWhole ? [] : known?.byStep);
  steps.forEach((step, index) => byStep.set(step, counts.subarray(index * binCount, (index + 1) * binCount)));
  return { low, high, binCount, byStep };
}
