import type { Metric } from '../problem/problem';
import type { CaseComparison } from './caseComparison';
import type { Comparison } from './comparison';
import { changeText, confidenceText } from './comparisonWords';
import { markdownTable } from './markdownTable';
import { numberText } from './numberWords';
import type { Scale } from './scale';
import type { Interval } from './symmetricInterval';

/** More rows help nobody. */
const mostRows = 400;

/** The metric and each case: A, B, from A to B, and its interval. A Markdown table that is aligned as plain text. */
export function comparisonTable(comparison: Comparison, metric: Metric): string {
  const { effect, scale, cases, errorRate } = comparison;
  const rows = [
    [
      metric.name,
      valueCell(comparison.a, metric.unit),
      valueCell(comparison.b, metric.unit),
      effect === undefined ? '' : changeText(scale, effect.estimate, metric.unit),
      intervalCell(scale, comparison.isExact ? undefined : effect?.interval, metric.unit, comparison.isExact),
    ],
    ...cases.slice(0, mostRows).map(caseRow),
  ];
  const headings = ['', 'A', 'B', 'from A to B', `${confidenceText(errorRate)} interval`];
  const table = markdownTable(headings, rows, (column) => column > 0);
  return cases.length > mostRows ? `${table}\n\n${cases.length - mostRows} more cases are not shown.` : table;
}

function caseRow({ name, unit, a, b, scale, estimate, interval }: CaseComparison): string[] {
  return [
    name,
    valueCell(a, unit),
    valueCell(b, unit),
    estimate === undefined ? '' : changeText(scale, estimate, unit),
    intervalCell(scale, interval, unit, false),
  ];
}

function valueCell(value: number | undefined, unit: string | undefined): string {
  return value === undefined ? '' : numberText(value, unit);
}

function intervalCell(
  scale: Scale,
  interval: Interval | undefined,
  unit: string | undefined,
  isExact: boolean,
): string {
  if (isExact) return 'exact';
  if (interval === undefined) return '';
  return `${changeText(scale, interval.low, unit)} … ${changeText(scale, interval.high, unit)}`;
}
