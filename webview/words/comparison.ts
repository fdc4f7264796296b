import type { DashboardHeader } from '../../src/protocol/dashboardMessages';
import { formatCount, formatDifference, formatPercent, formatWithUnit } from './format';
import { t } from './texts';

/** How the best value stands against one value. */
export interface Comparison {
  readonly label: string;
  readonly value: number;
  readonly relation: 'better' | 'equal' | 'worse' | 'unknown';
  /** `better by 0.00124 (0.33%)`; empty while there is no best value. */
  readonly words: string;
  /** `0.00124 (0.33%)`; empty where it is equal or nothing is known. */
  readonly amount: string;
  /** `better by 0.00124 (0.33%) than AlphaEvolve`; empty while there is no best value. */
  readonly standing: string;
}

/** The problem's references in their order, with the initial program in front. */
export function compareBest(header: DashboardHeader): Comparison[] {
  const initial =
    header.initialValue === null ? [] : [{ label: t('Initial program'), value: header.initialValue }];
  return [...initial, ...header.references].map(({ label, value }) => ({
    label,
    value,
    ...relate(header, label, value),
  }));
}

function relate(header: DashboardHeader, label: string, value: number): Omit<Comparison, 'label' | 'value'> {
  if (header.best === null) return { relation: 'unknown', words: '', amount: '', standing: '' };
  const difference = header.best.value - value;
  if (difference === 0)
    return { relation: 'equal', words: t('equal'), amount: '', standing: t('equal to {0}', label) };
  const better = header.goal === 'minimize' ? difference < 0 : difference > 0;
  const percent = value === 0 ? '' : ` (${formatPercent(difference / value)})`;
  const amount = `${formatDifference(difference)}${percent}`;
  return better
    ? {
        relation: 'better',
        words: t('better by {0}', amount),
        amount,
        standing: t('better by {0} than {1}', amount, label),
      }
    : {
        relation: 'worse',
        words: t('worse by {0}', amount),
        amount,
        standing: t('worse by {0} than {1}', amount, label),
      };
}

/** One sentence for people who do not see the chart. */
export function describeBest(header: DashboardHeader): string {
  const { best, unit, metricName } = header;
  if (best === null) return t('No valid candidate yet; {0} evaluated.', formatCount(header.evaluated));
  const first = t(
    'Best {0} so far {1} by candidate {2}',
    metricName,
    formatWithUnit(best.value, unit),
    best.id,
  );
  return `${[first, ...compareBest(header).map(({ standing }) => standing)].join('; ')}.`;
}
