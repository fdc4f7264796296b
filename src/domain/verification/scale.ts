/** How two measurements are set against each other: times by their ratio, everything else by their difference. */
export type Scale = 'ratio' | 'difference';

const timeUnits = new Set(
  ['ns', 'us', 'µs', 'μs', 'ms', 's', 'min', 'h', 'sec', 'second', 'millisecond', 'microsecond', 'nanosecond']
    .flatMap((unit) => [unit, `${unit}s`])
    .concat('cycles'),
);

/** True for a unit of time, such as `µs` or `milliseconds`. */
export function isTimeUnit(unit: string | undefined): boolean {
  return unit !== undefined && timeUnits.has(unit.trim().toLowerCase());
}

/** Ratios need positive numbers. */
export function scaleOf(unit: string | undefined, values: readonly number[]): Scale {
  return isTimeUnit(unit) && values.every((value) => value > 0) ? 'ratio' : 'difference';
}

/** B against A: the logarithm of the ratio, or the difference. 0 where they are equal. */
export function contrast(scale: Scale, a: number, b: number): number {
  return scale === 'ratio' ? Math.log(b / a) : b - a;
}
