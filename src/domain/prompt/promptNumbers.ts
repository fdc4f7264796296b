import { isBetter, type Goal, type Limits, type Metric, type Reference } from '../problem/problem';

/** Twelve significant digits: records differ in the sixth, and float64 noise begins at the sixteenth. */
export function valueInWords(value: number, unit?: string): string {
  return withUnit(Number(value.toPrecision(12)), unit);
}

/** A difference of two values; four digits, as most of the others cancel. */
export function gapInWords(gap: number, unit?: string): string {
  return withUnit(Number(gap.toPrecision(4)), unit);
}

export function directionInWords(goal: Goal): string {
  return goal === 'minimize' ? 'lower is better' : 'higher is better';
}

/** The reference that is hardest to beat. */
export function bestReference(references: readonly Reference[], metric: Metric): Reference | undefined {
  return references.reduce<Reference | undefined>(
    (best, reference) =>
      best === undefined || isBetter(metric.goal, reference.value, best.value) ? reference : best,
    undefined,
  );
}

/** `60 s of wall time, 2 GiB of memory, 1 CPU core, no GPU`. */
export function limitsInWords({ timeMs, memoryBytes, cpus, gpus }: Limits): string {
  return [
    `${durationInWords(timeMs)} of wall time`,
    `${bytesInWords(memoryBytes)} of memory`,
    `${cpus} CPU ${cpus === 1 ? 'core' : 'cores'}`,
    gpus === 0 ? 'no GPU' : `${gpus} ${gpus === 1 ? 'GPU' : 'GPUs'}`,
  ].join(', ');
}

function withUnit(value: number, unit: string | undefined): string {
  return unit === undefined ? String(value) : `${value} ${unit}`;
}

function durationInWords(durationMs: number): string {
  return durationMs < 1000 ? `${durationMs} ms` : `${durationMs / 1000} s`;
}

/** Exact in the largest unit that keeps it short; limits are promises, so they are not rounded up. */
function bytesInWords(bytes: number): string {
  const units: readonly (readonly [string, number])[] = [
    ['GiB', 1024 ** 3],
    ['MiB', 1024 ** 2],
    ['KiB', 1024],
  ];
  const unit = units.find(([, size]) => bytes >= size);
  if (unit === undefined) return `${bytes} bytes`;
  return `${Math.floor((bytes / unit[1]) * 100) / 100} ${unit[0]}`;
}
