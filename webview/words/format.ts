// The page's language is English, whatever the system's: numbers follow the words around them.
const eightDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 8 });
const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** Enough digits to tell records apart: eight, and all of an integer. `—` for a value that is not there. */
export function formatValue(value: number | null): string {
  if (value === null) return '—';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15)) return value.toPrecision(6).replace(/\.?0+(?=e|$)/, '');
  return Number.isInteger(value) || size >= 1e8 ? whole.format(value) : eightDigits.format(value);
}

export function formatWithUnit(value: number | null, unit: string): string {
  return value === null || unit === '' ? formatValue(value) : `${formatValue(value)} ${unit}`;
}

/** The size of a difference, to three digits. */
export function formatDifference(difference: number): string {
  const size = Math.abs(difference);
  return size !== 0 && size < 1e-4 ? size.toPrecision(3) : threeDigits.format(size);
}

export function formatCount(count: number): string {
  return whole.format(count);
}

/** Share in percent; `—` of nothing. */
export function formatShare(part: number, all: number): string {
  return all === 0 ? '—' : `${threeDigits.format((100 * part) / all)}%`;
}

export function formatDuration(milliseconds: number | null): string {
  if (milliseconds === null) return '';
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Steps are counted from 1 for people; the initial program comes before the first. */
export function formatStep(step: number): string {
  return step < 0 ? 'start' : String(step + 1);
}

export function betterDirection(goal: 'minimize' | 'maximize'): string {
  return goal === 'minimize' ? 'lower is better' : 'higher is better';
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const dollars = new Intl.NumberFormat('en-US', { style: 'currency', currency: 'USD' });
const smallDollars = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 2,
});

/** `950`, `12.3K`, `4.56M`. */
export function formatCompact(count: number): string {
  return compact.format(count);
}

/** `$0.0042`, `$3.10`, `$1,250.00`. */
export function formatUsd(usd: number): string {
  return (usd !== 0 && usd < 0.1 ? smallDollars : dollars).format(usd);
}

/** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`; `—` for what is not known. */
export function formatSpan(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '—';
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
