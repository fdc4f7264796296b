/** What an evaluator of OpenEvolve says of a program: numbers (not finite ones too), flags and words. */
export type Metrics = ReadonlyMap<string, number | boolean | string | null>;

/** The name under which OpenEvolve looks for a program's fitness. */
export const combinedScore = 'combined_score';

/**
 * Whether a stage's metrics let a program into the next stage: by `combined_score`, else by the mean of all numbers but `error`. Flags count as
 * 0 and 1 here, as they do in OpenEvolve.
 */
export function passesThreshold(metrics: Metrics, threshold: number): boolean {
  const combined = metrics.get(combinedScore);
  if (typeof combined === 'number' || typeof combined === 'boolean') return Number(combined) >= threshold;
  const numbers = [...metrics].filter(([name]) => name !== 'error').flatMap(([, value]) => numberOf(value));
  return meanOf(numbers) >= threshold;
}

/**
 * The metrics after a stage: later ones win, numbers called `error` are left out, and flags become numbers, as in OpenEvolve. Words, which it
 * leaves out too, are kept: they say why a stage gave nothing.
 */
export function mergedMetrics(earlier: Metrics, later: Metrics): Metrics {
  return new Map(
    [...earlier, ...later].flatMap(([name, value]): (readonly [string, number | string])[] => {
      if (typeof value === 'string') return [[name, value]];
      return name === 'error' ? [] : numberOf(value).map((number) => [name, number]);
    }),
  );
}

/**
 * `combined_score` if there is one, else the mean of the numbers (no flags, no NaN) that are no feature dimensions; of all numbers if every
 * one is a feature dimension. Undefined if there are none, where OpenEvolve says 0.
 */
export function fitnessOf(metrics: Metrics, featureDimensions: readonly string[]): number | undefined {
  const combined = metrics.get(combinedScore);
  if (typeof combined === 'number' || typeof combined === 'boolean') return Number(combined);
  if (typeof combined === 'string' && combined.trim() !== '' && Number.isFinite(Number(combined))) {
    return Number(combined);
  }
  const numbers = [...metrics].filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number' && !Number.isNaN(entry[1]),
  );
  const own = numbers.filter(([name]) => !featureDimensions.includes(name));
  const counted = own.length > 0 ? own : numbers;
  return counted.length === 0 ? undefined : meanOf(counted.map(([, value]) => value));
}

/** NaN of nothing, which passes no threshold. */
function meanOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function numberOf(value: number | boolean | string | null): number[] {
  return typeof value === 'number' || typeof value === 'boolean' ? [Number(value)] : [];
}
