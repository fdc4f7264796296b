import type { DashboardHeader } from '../../src/protocol/dashboardMessages';
import { formatDifference, formatWithUnit } from './format';

/** How the best value stands against one value. */
export interface Comparison {
  readonly label: string;
  readonly value: number;
  readonly relation: 'better' | 'equal' | 'worse' | 'unknown';
  /** `better by 0.00124 (0.33%)`; empty while there is no best value. */
  readonly words: string;
}

/** The problem's references in their order, with the initial program in front. */
export function compareBest(header: DashboardHeader): Comparison[] {
  const initial =
    header.initialValue === null ? [] : [{ label: 'Initial program', value: header.initialValue }];
  return [...initial, ...header.references].map(({ label, value }) => ({
    label,
    value,
    ...relate(header, value),
  }));
}

function relate(header: DashboardHeader, value: number): Pick<Comparison, 'relation' | 'words'> {
  if (header.best === null) return { relation: 'unknown', words: '' };
  const difference = header.best.value - value;
  if (difference === 0) return { relation: 'equal', words: 'equal' };
  const better = header.goal === 'minimize' ? difference < 0 : difference > 0;
  const percent = value === 0 ? '' : ` (${formatDifference((100 * difference) / value)}%)`;
  return {
    relation: better ? 'better' : 'worse',
    words: `${better ? 'better' : 'worse'} by ${formatDifference(difference)}${percent}`,
  };
}

/** One sentence for people who do not see the chart. */
export function describeBest(header: DashboardHeader): string {
  const { best, unit, metricName } = header;
  if (best === null) return `No valid candidate yet; ${header.evaluated} evaluated.`;
  const comparisons = compareBest(header).map(
    ({ label, words }) => `${words} ${words === 'equal' ? 'to' : 'than'} ${label}`,
  );
  const standing = comparisons.length === 0 ? '' : `; ${comparisons.join('; ')}`;
  return `Best ${metricName} so far ${formatWithUnit(best.value, unit)} by candidate ${best.id}${standing}.`;
}
