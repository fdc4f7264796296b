import type { Ranking } from '../../domain/foreign/gpuModeTask';
import type { TimedCase } from './judgeStage';

/** Microseconds, of one or more cases. */
export function meansUs(cases: readonly TimedCase[]): Record<Ranking, number> {
  const all = cases.map(({ times }) => times.meanNs / 1000);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return {
    last: all.at(-1) ?? NaN,
    mean: sum(all) / all.length,
    geom: Math.exp(sum(all.map(Math.log)) / all.length),
  };
}

const digits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 5 });

export function microseconds(value: number): string {
  return `${digits.format(value)} µs`;
}

/** A line a case: `seqlen: 256; bs: 2: 363.1 µs ± 0.3 µs (best 360 µs, 100 calls)`. */
export function caseLines(cases: readonly TimedCase[]): string[] {
  return cases.map(({ line, times }) => {
    const { meanNs, errorNs, bestNs, runs } = times;
    const more = [
      ...(bestNs === undefined ? [] : [`best ${microseconds(bestNs / 1000)}`]),
      ...(runs === undefined ? [] : [`${runs} calls`]),
    ];
    const spread = errorNs === undefined ? '' : ` ± ${microseconds(errorNs / 1000)}`;
    const rest = more.length === 0 ? '' : ` (${more.join(', ')})`;
    return `${line}: ${microseconds(meanNs / 1000)}${spread}${rest}`;
  });
}
