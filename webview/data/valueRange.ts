import type { DashboardHeader, StepRow } from '../../src/protocol/dashboardMessages';
import { valueView, type ValueView } from './valueView';
import { plural, t } from '../words/texts';

/** What a value axis shows, and how much of what is drawn lies outside it. */
export interface ValueRange {
  readonly min: number;
  readonly max: number;
  /** Drawn values that the range leaves out. */
  readonly clipped: number;
  /** Values without a height, as they have reached the reference that the distance to is drawn. */
  readonly reached: number;
  /** Labels of references that the range leaves out. */
  readonly hiddenReferences: readonly string[];
}

type Series = 'best' | 'median' | 'bestSoFar' | 'p5' | 'p25' | 'p75' | 'p95';

/** A value this many times the spread of the usual ones away from them does not widen the range. */
const widestStretch = 4;

/**
 * A range in which outliers do not flatten what matters. The better side always reaches the best value and every
 * reference ahead of it; the worse side reaches nine tenths of the drawn values, and the rest only where that costs little.
 * `undefined` while there is nothing to show. All numbers are heights of the view.
 */
export function valueRange(
  header: DashboardHeader,
  steps: readonly StepRow[],
  drawn: readonly Series[],
  view: ValueView = valueView(header, null),
  others: readonly number[] = [],
): ValueRange | undefined {
  const { sign } = view;
  // Costs: lower is better, whatever the goal.
  const cost = (value: number): number => sign * view.of(value);
  const all = [...steps.flatMap((row) => drawn.map((name) => row[name])), ...others].filter(
    (value) => value !== null,
  );
  const costs = all
    .map(cost)
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => a - b);
  const initial = (header.initialValue === null ? [] : [cost(header.initialValue)]).filter(
    (value) => !Number.isNaN(value),
  );
  const references = header.references
    .map(({ label, value }) => ({ label, cost: cost(value) }))
    .filter((reference) => !Number.isNaN(reference.cost));
  const first = costs[0] ?? initial[0];
  if (first === undefined) return undefined;

  const usual = costs[Math.ceil(0.9 * costs.length) - 1] ?? first;
  const low = Math.min(first, ...references.map(({ cost }) => cost));
  // Relative to the whole view, as references ahead may widen it already.
  const reach = usual > low ? usual + widestStretch * (usual - low) : Number.POSITIVE_INFINITY;
  const high = Math.max(
    usual,
    ...[...costs, ...initial, ...references.map(({ cost }) => cost)].filter((cost) => cost <= reach),
  );

  const span = high - low;
  const padding = span > 0 ? 0.06 * span : Math.max(Math.abs(high) * 0.01, 1e-9);
  // The better side has room for the label of a reference that nothing has passed yet.
  const ends = [sign * (low - 2 * padding), sign * (high + padding)];
  return {
    min: Math.min(...ends),
    max: Math.max(...ends),
    clipped: [...costs, ...initial].filter((cost) => cost > high).length,
    reached: all.length - costs.length,
    hiddenReferences: references.filter(({ cost }) => cost > high).map(({ label }) => label),
  };
}

/** The range with what else is drawn in it, but does not make it. */
export function countingBeyond(
  range: ValueRange,
  view: ValueView,
  values: readonly (number | null)[],
): ValueRange {
  const beyond = values.filter((value) => {
    const y = value === null ? Number.NaN : view.of(value);
    return y < range.min || y > range.max;
  });
  return { ...range, clipped: range.clipped + beyond.length };
}

/** For the caption of a chart; empty when everything is in view. */
export function rangeWords(range: ValueRange): string {
  return [
    ...(range.clipped > 0
      ? [
          plural(
            range.clipped,
            '{0} value lies beyond the shown range.',
            '{0} values lie beyond the shown range.',
          ),
        ]
      : []),
    ...(range.reached > 0
      ? [
          plural(
            range.reached,
            '{0} of the drawn values has reached the reference and has no distance to it.',
            '{0} of the drawn values have reached the reference and have no distance to it.',
          ),
        ]
      : []),
    ...(range.hiddenReferences.length > 0 ? [t('Not in view: {0}.', range.hiddenReferences.join(', '))] : []),
  ].join(' ');
}
