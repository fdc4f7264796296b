import type { CaseResult } from '../../domain/session/outcome';
import type { NotScored, Scored } from '../evaluationMethod';
import type { Judged, Measured } from './kernelBenchDriver';

/** From here on KernelBench's authors ask to look for a mistake in place of a discovery. */
const excessiveSpeedup = 10;

/** Speed-up by the means of all timed calls, as KernelBench has it; a failure if one seed's output is wrong. */
export function comparedTimes(measured: Measured, judged: Judged): Scored | NotScored {
  const cases = measured.seeds.map(({ times }, index): CaseResult => {
    const judgement = judged.seeds[index];
    const name = `seed ${index + 1}`;
    if (judgement === undefined) return { name, verdict: 'failed', message: 'it was not compared' };
    if (judgement.wrong !== null) return { name, verdict: 'failed', message: judgement.wrong };
    const message = `${round(meanOf(judgement.times) / meanOf(times))} times as fast as the reference`;
    return { name, verdict: 'passed', value: round(meanOf(times)), unit: 'µs', message };
  });
  const wrong = cases.filter(({ verdict }) => verdict === 'failed');
  if (wrong[0] !== undefined) {
    const message = `Wrong for ${wrong.length} of ${cases.length} seeds; ${wrong[0].name}: ${wrong[0].message ?? ''}.`;
    return { kind: 'failed', reason: 'invalid', message, cases };
  }
  const own = measured.seeds.flatMap(({ times }) => times);
  const reference = judged.seeds.flatMap(({ times }) => times);
  const speedup = meanOf(reference) / meanOf(own);
  return {
    kind: 'scored',
    metrics: { speedup, microseconds: meanOf(own), reference_microseconds: meanOf(reference) },
    feedback: [
      `ModelNew: ${round(meanOf(own))} µs (${own.length} calls, spread ${spread(own)}).`,
      `Model: ${round(meanOf(reference))} µs (${reference.length} calls, spread ${spread(reference)}). On ${measured.device}.`,
      ...(speedup > excessiveSpeedup
        ? [`More than ${excessiveSpeedup} times as fast: look whether it does all of the work.`]
        : []),
    ].join('\n'),
    cases,
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Coefficient of variation, in words. */
function spread(values: readonly number[]): string {
  const mean = meanOf(values);
  const deviation = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  return `${((100 * deviation) / mean).toFixed(1)} %`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
