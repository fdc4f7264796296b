import type { CaseResult } from '../session/outcome';
import { passedValue } from './casePairs';
import type { ComparisonRound } from './comparisonRound';
import { contrast, scaleOf, type Scale } from './scale';
import { centreOf, medianOf, symmetricInterval, type Interval } from './symmetricInterval';

/** One case of both programs over all rounds that had it. */
export interface CaseComparison {
  readonly name: string;
  readonly unit?: string;
  /** Medians over the rounds. */
  readonly a?: number;
  readonly b?: number;
  readonly scale: Scale;
  /** B / A, or B − A; absent where one of them has no value. */
  readonly estimate?: number;
  /** Of this case by itself, at the comparison's error rate. Absent where there are too few rounds for bounds. */
  readonly interval?: Interval;
  /** Rounds in which both passed. */
  readonly pairs: number;
}

/** In the order in which the cases came. */
export function compareCases(rounds: readonly ComparisonRound[], errorRate: number): CaseComparison[] {
  const byName = new Map<string, { a?: CaseResult; b?: CaseResult }[]>();
  for (const { a, b } of rounds) {
    const othersOf = new Map((b.cases ?? []).map((one) => [one.name, one]));
    for (const one of a.cases ?? []) {
      const other = othersOf.get(one.name);
      othersOf.delete(one.name);
      add(byName, one.name, other === undefined ? { a: one } : { a: one, b: other });
    }
    for (const other of othersOf.values()) add(byName, other.name, { b: other });
  }
  return [...byName].map(([name, runs]) => compareCase(name, runs, errorRate));
}

function add<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function compareCase(
  name: string,
  runs: readonly { readonly a?: CaseResult; readonly b?: CaseResult }[],
  errorRate: number,
): CaseComparison {
  const ofA = runs.flatMap(({ a }) => passedValue(a) ?? []);
  const ofB = runs.flatMap(({ b }) => passedValue(b) ?? []);
  const unit = runs.map(({ a, b }) => a?.unit ?? b?.unit).find((one) => one !== undefined);
  const scale = scaleOf(unit, [...ofA, ...ofB]);
  const contrasts = runs.flatMap(({ a, b }) => {
    const [own, other] = [passedValue(a), passedValue(b)];
    return own === undefined || other === undefined ? [] : [contrast(scale, own, other)];
  });
  const interval = symmetricInterval(contrasts, errorRate);
  const inUnit = (value: number): number => (scale === 'ratio' ? Math.exp(value) : value);
  const isBounded = interval !== undefined && Number.isFinite(interval.low) && Number.isFinite(interval.high);
  return {
    name,
    ...(unit === undefined ? {} : { unit }),
    ...(ofA.length === 0 ? {} : { a: medianOf(ofA) }),
    ...(ofB.length === 0 ? {} : { b: medianOf(ofB) }),
    scale,
    ...(contrasts.length === 0 ? {} : { estimate: inUnit(centreOf(contrasts)) }),
    ...(isBounded ? { interval: { low: inUnit(interval.low), high: inUnit(interval.high) } } : {}),
    pairs: contrasts.length,
  };
}
