import { mean } from '../racing/pairedComparison';
import type { CaseResult } from '../session/outcome';
import type { ComparisonRound, ComparisonRun } from './comparisonRound';

/** How a metric comes from the values of cases. */
const compositions: readonly {
  readonly compose: (values: readonly number[]) => number;
  /** What one case's values add, so that the mean over the cases is what the metrics differ by. */
  readonly part: (value: number, count: number) => number;
}[] = [
  { compose: mean, part: (value) => value },
  { compose: (values) => mean(values) * values.length, part: (value, count) => value * count },
  // Contests score so where scores differ by orders of magnitude; below 1 counts as 1.
  {
    compose: (values) => mean(values.map((value) => Math.log10(Math.max(value, 1)))),
    part: (value) => Math.log10(Math.max(value, 1)),
  },
];

/**
 * B less A on every case, in the metric's unit, of all rounds up to an even number, in order: where each round has cases of its own (its
 * seed makes them), and the metric is their mean, sum or mean logarithm. Then the cases are draws like any other, and a round says as much
 * as it has cases. `undefined` otherwise: shapes that come again in every round say nothing of shapes that were not run, and there the
 * round is the pair.
 */
export function pooledPairs(rounds: readonly ComparisonRound[]): number[] | undefined {
  const balanced = rounds.slice(0, rounds.length - (rounds.length % 2));
  if (balanced.length === 0) return undefined;
  const seen = new Set<string>();
  const pairs: { readonly a: number[]; readonly b: number[]; readonly round: ComparisonRound }[] = [];
  for (const round of balanced) {
    const paired = pairsOfRound(round);
    if (paired === undefined) return undefined;
    for (const { name } of paired) {
      if (seen.has(name)) return undefined;
      seen.add(name);
    }
    pairs.push({ a: paired.map(({ a }) => a), b: paired.map(({ b }) => b), round });
  }
  const composition = compositions.find(({ compose }) =>
    pairs.every(({ a, b, round }) => isValue(round.a, compose(a)) && isValue(round.b, compose(b))),
  );
  if (composition === undefined) return undefined;
  return pairs.flatMap(({ a, b }) =>
    a.map((own, index) => composition.part(b[index] ?? own, a.length) - composition.part(own, a.length)),
  );
}

/** Every case of both programs, at least two, all passed; else `undefined`. */
function pairsOfRound({
  a,
  b,
}: ComparisonRound): { readonly name: string; readonly a: number; readonly b: number }[] | undefined {
  const [casesA, casesB] = [a.cases ?? [], b.cases ?? []];
  if (casesA.length < 2 || casesA.length !== casesB.length) return undefined;
  const others = new Map(casesB.map((one) => [one.name, one]));
  const pairs = casesA.flatMap((one) => {
    const [own, other] = [passedValue(one), passedValue(others.get(one.name))];
    return own === undefined || other === undefined ? [] : [{ name: one.name, a: own, b: other }];
  });
  return pairs.length === casesA.length ? pairs : undefined;
}

/** What a passed case was measured at. */
export function passedValue(result: CaseResult | undefined): number | undefined {
  const value = result?.verdict === 'passed' ? result.value : undefined;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}

/** Results are written with fewer digits than numbers have. */
function isValue({ outcome }: ComparisonRun, value: number): boolean {
  if (outcome.kind !== 'valid') return false;
  return Math.abs(outcome.value - value) <= 1e-6 * Math.max(Math.abs(outcome.value), Math.abs(value));
}
