import type { CaseResult } from '../../domain/session/outcome';
import type { NotScored, Scored } from '../evaluationMethod';
import type { Judged, Measured } from './benchVerdicts';

/** From here on KernelBench's authors ask to look for a mistake in place of a discovery. */
const excessiveSpeedup = 10;
/** So long a host may take to see that a device is done. Where a device works on for longer, a program has work on another stream. */
const mostIdleMicroseconds = 30;

type CallTimes = Measured['seeds'][number]['times'];

/** Speed-up by the medians of all timed calls; a failure if one seed's output is wrong. */
export function comparedTimes(measured: Measured, judged: Judged): Scored | NotScored {
  const own = callTimes(measured.seeds.flatMap(({ times }) => times));
  const reference = callTimes(judged.seeds.flatMap(({ times }) => times));
  const cases = measured.seeds.map(({ times }, index): CaseResult => {
    const judgement = judged.seeds[index];
    const name = `seed ${index + 1}`;
    if (judgement === undefined) return { name, verdict: 'failed', message: 'it was not compared' };
    if (judgement.wrong !== null) return { name, verdict: 'failed', message: judgement.wrong };
    const [mine, right] = [medianOf(own.of(times)), medianOf(reference.of(judgement.times))];
    const message = `${round(right / mine)} times as fast as the reference`;
    return { name, verdict: 'passed', value: round(mine), unit: 'µs', message };
  });
  const wrong = cases.filter(({ verdict }) => verdict === 'failed');
  if (wrong[0] !== undefined) {
    const message = `Wrong for ${wrong.length} of ${cases.length} seeds; ${wrong[0].name}: ${wrong[0].message ?? ''}.`;
    return { kind: 'failed', reason: 'invalid', message, cases };
  }
  const [mine, right] = [medianOf(own.all), medianOf(reference.all)];
  const speedup = right / mine;
  return {
    kind: 'scored',
    metrics: { speedup, microseconds: mine, reference_microseconds: right },
    feedback: [
      `ModelNew: ${words(own.all)}.`,
      `Model: ${words(reference.all)}. On ${measured.device}.`,
      ...(own.wholeDevice
        ? ['ModelNew leaves work on other streams: its time ends when the whole device is done.']
        : []),
      ...(speedup > excessiveSpeedup
        ? [`More than ${excessiveSpeedup} times as fast: look whether it does all of the work.`]
        : []),
    ].join('\n'),
    cases,
  };
}

/** Of a model's calls, the times that count: until its stream is done, or the whole device where that works on. */
function callTimes(calls: CallTimes) {
  const wholeDevice =
    quantile(
      calls.map(([stream, device]) => device - stream),
      0.25,
    ) > mostIdleMicroseconds;
  const of = (some: CallTimes): readonly number[] =>
    some.map(([stream, device]) => (wholeDevice ? device : stream));
  return { wholeDevice, of, all: of(calls) };
}

function medianOf(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below = NaN, above = below] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** With the range of the middle half, which says how much the times vary. */
function words(times: readonly number[]): string {
  const [low, high] = [round(quantile(times, 0.25)), round(quantile(times, 0.75))];
  return `${round(medianOf(times))} µs (median of ${times.length} calls, half of them from ${low} to ${high})`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
