import type { Metric } from '../problem/problem';
import type { FailedOutcome } from '../session/outcome';
import { compareCases, type CaseComparison } from './caseComparison';
import { pooledPairs } from './casePairs';
import type { ComparisonRound, ComparisonRun } from './comparisonRound';
import { contrast, scaleOf, type Scale } from './scale';
import { centreOf, medianOf, symmetricInterval, type Interval } from './symmetricInterval';

/** B against A, as a ratio B / A or as a difference B − A in the metric's unit. */
export interface Effect {
  readonly estimate: number;
  /** Absent as long as it has no bounds on both sides. */
  readonly interval?: Interval;
}

export interface Comparison {
  /** Rounds in which both programs had a value. */
  readonly rounds: number;
  readonly scale: Scale;
  /** What the pairs are: rounds of both programs, or the single cases, where each round has other ones and the metric is their mean. */
  readonly pairedBy: 'rounds' | 'cases';
  readonly pairs: number;
  /** Medians over the rounds, in the metric's unit. */
  readonly a?: number;
  readonly b?: number;
  readonly effect?: Effect;
  /**
   * `same`: equal to the last digit, in every round. `unclear`: the interval still holds "no difference". `failed`: a program had no
   * value, so there is nothing to compare.
   */
  readonly verdict: 'a-better' | 'b-better' | 'same' | 'unclear' | 'failed';
  /** Each program gave one value in all rounds: the difference is exact, and no interval about it is needed. */
  readonly isExact: boolean;
  /** Most probability with which a difference is ever called clear, or an interval leaves out the truth, over all looks together. */
  readonly errorRate: number;
  readonly failures: { readonly a?: FailedOutcome; readonly b?: FailedOutcome };
  readonly cases: readonly CaseComparison[];
}

export const usualErrorRate = 0.05;
/** What of the error rate goes to differences that are called exact. */
const exactShare = 0.2;

/**
 * What the rounds so far say about two programs. It may be asked after every round. Verdicts come after even numbers of rounds alone, when
 * each program has been first as often as the other.
 */
export function compareRounds(
  rounds: readonly ComparisonRound[],
  metric: Metric,
  errorRate = usualErrorRate,
): Comparison {
  const both = rounds.flatMap(({ a, b }) => {
    const [valueA, valueB] = [valueOf(a), valueOf(b)];
    return valueA === undefined || valueB === undefined ? [] : [{ a: valueA, b: valueB }];
  });
  const all = both.flatMap(({ a, b }) => [a, b]);
  const scale = scaleOf(metric.unit, all);
  const pooled = pooledPairs(rounds);
  const balanced = both.slice(0, both.length - (both.length % 2));
  const byRound = balanced.map(({ a, b }) => contrast(scale, a, b));
  const pairs = pooled ?? byRound;
  const isExact = balanced.length >= roundsForExact(errorRate) && isConstant(both);
  const interval = isExact
    ? { low: byRound[0] ?? 0, high: byRound[0] ?? 0 }
    : symmetricInterval(pairs, (1 - exactShare) * errorRate);
  const failures = failuresOf(rounds);
  const pairedBy = pooled === undefined ? 'rounds' : 'cases';
  const effect = effectOf(
    scale,
    pooled === undefined ? both.map(({ a, b }) => contrast(scale, a, b)) : pooled,
    interval,
  );
  return {
    rounds: both.length,
    scale,
    pairedBy,
    pairs: pooled === undefined ? both.length : pooled.length,
    ...(both.length === 0
      ? {}
      : { a: medianOf(both.map(({ a }) => a)), b: medianOf(both.map(({ b }) => b)) }),
    ...(effect === undefined ? {} : { effect }),
    verdict:
      failures.a !== undefined || failures.b !== undefined
        ? 'failed'
        : verdictOf(
            interval,
            both.length >= roundsForExact(errorRate) && byRound.every((one) => one === 0),
            metric,
          ),
    isExact,
    errorRate,
    failures,
    cases: compareCases(rounds, errorRate),
  };
}

/** True if more rounds would change nothing. */
export function isSettled({ verdict }: Comparison): boolean {
  return verdict !== 'unclear';
}

/**
 * So many rounds in which each program gives one value, and the two differ: had both the same distribution, that happens with probability
 * 2 · 4^−rounds at most (two values, each with probability one half). Even.
 */
export function roundsForExact(errorRate: number): number {
  return 2 * Math.ceil(Math.log(2 / (exactShare * errorRate)) / Math.log(4) / 2);
}

function verdictOf(
  interval: Interval | undefined,
  isSame: boolean,
  { goal }: Metric,
): 'a-better' | 'b-better' | 'same' | 'unclear' {
  if (isSame) return 'same';
  if (interval === undefined || (interval.low <= 0 && interval.high >= 0)) return 'unclear';
  const isGreater = interval.low > 0;
  return isGreater === (goal === 'maximize') ? 'b-better' : 'a-better';
}

function effectOf(
  scale: Scale,
  contrasts: readonly number[],
  interval: Interval | undefined,
): Effect | undefined {
  if (contrasts.length === 0) return undefined;
  const inUnit = (value: number): number => (scale === 'ratio' ? Math.exp(value) : value);
  const centre = centreOf(contrasts);
  if (interval === undefined || !Number.isFinite(interval.low) || !Number.isFinite(interval.high))
    return { estimate: inUnit(centre) };
  const estimate = Math.min(Math.max(centre, interval.low), interval.high);
  return { estimate: inUnit(estimate), interval: { low: inUnit(interval.low), high: inUnit(interval.high) } };
}

function isConstant(both: readonly { readonly a: number; readonly b: number }[]): boolean {
  const [first] = both;
  return first !== undefined && both.every(({ a, b }) => a === first.a && b === first.b);
}

function failuresOf(rounds: readonly ComparisonRound[]): Comparison['failures'] {
  const failureOf = (pick: (round: ComparisonRound) => ComparisonRun): FailedOutcome | undefined =>
    rounds.map((round) => pick(round).outcome).find((outcome) => outcome.kind === 'failed');
  const [a, b] = [failureOf((round) => round.a), failureOf((round) => round.b)];
  return { ...(a === undefined ? {} : { a }), ...(b === undefined ? {} : { b }) };
}

function valueOf({ outcome }: ComparisonRun): number | undefined {
  return outcome.kind === 'valid' ? outcome.value : undefined;
}
