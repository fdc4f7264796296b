/** A value for people: ten significant digits at most, no padding. */
export function valueWords(value: number | undefined, unit?: string): string {
  if (value === undefined) return '—';
  const number = String(Number(value.toPrecision(10)));
  return unit === undefined || unit === '' ? number : `${number} ${unit}`;
}

/** A value for a chart's axis or a table of many: six significant digits. */
export function shortValue(value: number | undefined): string {
  return value === undefined ? '—' : String(Number(value.toPrecision(6)));
}

/** `850 ms`, `2.1 s`, `3 min 5 s`, `4 h 55 min`. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function countWords(count: number): string {
  return Math.round(count).toLocaleString('en-US');
}

export function usdWords(usd: number): string {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: usd < 0.1 ? 4 : 2 })}`;
}

export function shareWords(share: number): string {
  const percent = 100 * share;
  return `${percent >= 10 || percent === 0 ? Math.round(percent) : Number(percent.toPrecision(2))} %`;
}

/** `2026-10-01 08:00 UTC`. */
export function dateWords(ms: number | undefined): string {
  return ms === undefined ? '—' : `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
