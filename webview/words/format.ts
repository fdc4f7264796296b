import { numberFormat, t } from './texts';

// Numbers follow the words around them, whatever the system's language is.
const eightDigits = numberFormat({ maximumSignificantDigits: 8 });
const threeDigits = numberFormat({ maximumSignificantDigits: 3 });
const whole = numberFormat({ maximumFractionDigits: 0 });
const tenths = numberFormat({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = numberFormat({ style: 'percent', maximumSignificantDigits: 3 });
const decimalSign = tenths.formatToParts(0.5).find(({ type }) => type === 'decimal')?.value ?? '.';

function withDecimalSign(text: string): string {
  return text.replace('.', decimalSign);
}

/** With one digit behind the point. */
export function formatTenths(value: number): string {
  return tenths.format(value);
}

/** Enough digits to tell records apart: eight, and all of an integer. `—` for a value that is not there. */
export function formatValue(value: number | null): string {
  if (value === null) return '—';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e15))
    return withDecimalSign(value.toPrecision(6).replace(/\.?0+(?=e|$)/, ''));
  return Number.isInteger(value) || size >= 1e8 ? whole.format(value) : eightDigits.format(value);
}

export function formatWithUnit(value: number | null, unit: string): string {
  return value === null || unit === '' ? formatValue(value) : `${formatValue(value)} ${unit}`;
}

/** The size of a difference, to three digits. */
export function formatDifference(difference: number): string {
  const size = Math.abs(difference);
  return size !== 0 && size < 1e-4 ? withDecimalSign(size.toPrecision(3)) : threeDigits.format(size);
}

export function formatCount(count: number): string {
  return whole.format(count);
}

/** Share in percent; `—` of nothing. */
export function formatShare(part: number, all: number): string {
  return all === 0 ? '—' : percent.format(part / all);
}

/** A difference in relation to something, `0.33%`. */
export function formatPercent(share: number): string {
  const size = Math.abs(share);
  return size !== 0 && size < 1e-6
    ? `${withDecimalSign((100 * size).toPrecision(3))}%`
    : percent.format(size);
}

export function formatDuration(milliseconds: number | null): string {
  if (milliseconds === null) return '';
  if (milliseconds < 1000) return t('{0} ms', Math.round(milliseconds));
  if (milliseconds < 60_000) return t('{0} s', formatTenths(milliseconds / 1000));
  const seconds = Math.round(milliseconds / 1000);
  return t('{0} min {1} s', Math.floor(seconds / 60), seconds % 60);
}

/** Steps are counted from 1 for people; the initial program comes before the first. */
export function formatStep(step: number): string {
  return step < 0 ? t('start') : formatCount(step + 1);
}

export function betterDirection(goal: 'minimize' | 'maximize'): string {
  return goal === 'minimize' ? t('lower is better') : t('higher is better');
}

const compact = numberFormat({ notation: 'compact', maximumSignificantDigits: 3 });
const dollars = numberFormat({ style: 'currency', currency: 'USD' });
const smallDollars = numberFormat({
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
  if (seconds < 120) return t('{0} s', seconds);
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return t('{0} min', minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? t('{0} h {1} min', hours, minutes % 60)
    : t('{0} d {1} h', Math.floor(hours / 24), hours % 24);
}
