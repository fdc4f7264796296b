import type { Goal } from '../problem/problem';
import { studentTQuantile } from './studentT';

/** One case that both programs have run. */
export interface Pair {
  readonly own: number;
  readonly other: number;
}

/** What the same cases say about two programs. */
export interface PairedComparison {
  readonly pairs: number;
  /** Own less other, in their unit. */
  readonly meanDifference: number;
  /**
   * Half the width of the interval about the mean difference that holds the true one with the wanted probability, by Student's t for a number
   * of pairs fixed before. Absent with fewer than two pairs. After a stop that looked at the data it is too narrow.
   */
  readonly halfWidth?: number;
  readonly better: number;
  readonly worse: number;
  readonly equal: number;
}

/** `confidence` is a probability between 0 and 1. */
export function comparePairs(pairs: readonly Pair[], goal: Goal, confidence = 0.95): PairedComparison {
  const differences = pairs.map(({ own, other }) => own - other);
  const gains = goal === 'maximize' ? differences : differences.map((difference) => -difference);
  const meanDifference = mean(differences);
  const count = differences.length;
  const rest = {
    pairs: count,
    meanDifference,
    better: gains.filter((gain) => gain > 0).length,
    worse: gains.filter((gain) => gain < 0).length,
    equal: gains.filter((gain) => gain === 0).length,
  };
  if (count < 2) return rest;
  const variance =
    differences.reduce((sum, difference) => sum + (difference - meanDifference) ** 2, 0) / (count - 1);
  const quantile = studentTQuantile(0.5 + confidence / 2, count - 1);
  return { ...rest, halfWidth: quantile * Math.sqrt(variance / count) };
}

/** How much worse each pair is, in the order given: what `isClearlyWorse` reads. */
export function worseningsOf(pairs: readonly Pair[], goal: Goal): number[] {
  return pairs.map(({ own, other }) => (goal === 'maximize' ? other - own : own - other));
}

/**
 * The mean that a program would have over all cases, from those that it has run and the other's values on the rest: its own values where
 * it has them, and elsewhere the other's, moved by the mean difference of the pairs. The same as the other's mean over all cases plus the
 * mean difference, the difference estimator of survey sampling. A stop because of bad pairs makes it lower than the truth
 * (higher, where less is better) by a little.
 */
export function estimatedMean(pairs: readonly Pair[], othersOnTheRest: readonly number[]): number {
  const { meanDifference } = comparePairs(pairs, 'maximize');
  return mean([...pairs.map(({ own }) => own), ...othersOnTheRest.map((other) => other + meanDifference)]);
}

/** 0 of nothing. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
