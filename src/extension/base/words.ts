import { t } from './translate';
/** `4 s ago`, `12 min ago`, `3 h ago`, `2 d ago`; `now` within a second. */
export function ageText(sinceMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - sinceMs) / 1000));
  if (seconds < 1) return t('now');
  if (seconds < 60) return t('{0} s ago', seconds);
  if (seconds < 3600) return t('{0} min ago', Math.floor(seconds / 60));
  if (seconds < 86_400) return t('{0} h ago', Math.floor(seconds / 3600));
  return t('{0} d ago', Math.floor(seconds / 86_400));
}

/** A metric's value for people: six significant digits, no padding, with its unit. */
export function valueText(value: number, unit?: string): string {
  const number = Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
  return unit === undefined || unit === '' ? number : `${number} ${unit}`;
}

/** `850 ms`, `2.1 s`, `3 min 5 s`. */
export function durationText(durationMs: number): string {
  if (durationMs < 1000) return t('{0} ms', Math.round(durationMs));
  if (durationMs < 60_000) return t('{0} s', (durationMs / 1000).toFixed(1));
  const seconds = Math.round(durationMs / 1000);
  return t('{0} min {1} s', Math.floor(seconds / 60), seconds % 60);
}

/** `512 B`, `3.2 KiB`, `64 MiB`. */
export function bytesText(bytes: number): string {
  if (bytes < 1024) return t('{0} B', bytes);
  if (bytes < 1024 ** 2) return t('{0} KiB', Number((bytes / 1024).toFixed(1)));
  return t('{0} MiB', Number((bytes / 1024 ** 2).toFixed(1)));
}

/** `950`, `12,300`, `4.56 million`, `1.2 billion`: three digits where it is long. */
export function countText(count: number): string {
  if (count < 10_000) return Math.round(count).toLocaleString('en-US');
  if (count < 1e6) return Number(count.toPrecision(3)).toLocaleString('en-US');
  if (count < 1e9) return t('{0} million', Number((count / 1e6).toPrecision(3)));
  return t('{0} billion', Number((count / 1e9).toPrecision(3)).toLocaleString('en-US'));
}

/** `1 candidate`, `25,600 candidates`. */
export function candidatesText(count: number): string {
  return count === 1 ? t('1 candidate') : t('{0} candidates', countText(count));
}

/** `$0.0042`, `$3.10`, `$1,250`: two digits at least, no more than cents from a dollar on. */
export function usdText(usd: number): string {
  if (usd === 0) return '$0';
  if (usd < 0.1) return `$${Number(usd.toPrecision(2))}`;
  const digits = usd < 100 ? 2 : 0;
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}
