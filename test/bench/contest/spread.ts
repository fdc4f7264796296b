/** Values of seeds in one situation, and how far their spread is from that of another. */

/** `share` from 0 to 1; between two values it is interpolated. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  const above = sorted[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** By how much a quantile of `values` is above the same one of `reference`, in percent of that. */
export function errorPercent(values: readonly number[], reference: readonly number[], share: number): number {
  return 100 * (quantile(values, share) / quantile(reference, share) - 1);
}
