import type { PageModel } from '../page/pageModel';
import { lineChartOptions, point, referenceLines, type LineDataset } from '../charts/chartOptions';
import type { ChartKind } from './chartSection';
import { describeBest } from '../words/comparison';
import { betterDirection, formatStep } from '../words/format';
import { valueRange } from '../data/valueRange';

/** The best value over the steps, with each step's own best and median. */
export const bestChart: ChartKind = {
  id: 'best',
  title: 'Best so far',
  subtitle: ({ header }) => `${header.metricName} by step, ${betterDirection(header.goal)}`,
  legend: [
    { mark: 'best', text: 'best so far' },
    { mark: 'stepBest', text: 'best of the step' },
    { mark: 'median', text: 'median of the step' },
    { mark: 'reference', text: 'reference' },
  ],
  columns: [
    { title: 'Step', value: (row) => row.step },
    { title: 'Best so far', value: (row) => row.bestSoFar },
    { title: 'Best', value: (row) => row.best },
    { title: 'Median', value: (row) => row.median },
    { title: 'Mean', value: (row) => row.mean },
  ],
  range: ({ header, steps }) => valueRange(header, steps, ['bestSoFar', 'best', 'median']),
  describe({ header, steps }) {
    const last = steps.at(-1);
    const at = last === undefined ? '' : ` ${steps.length} steps, the last is step ${formatStep(last.step)}.`;
    return `Line chart. ${describeBest(header)}${at}`;
  },
  options: (model, range, theme) =>
    lineChartOptions(
      theme,
      { unit: model.header.unit, valueTitle: valueTitle(model) },
      range,
      model.steps.length,
      referenceLines(model.header, range, theme),
    ),
  datasets({ header, steps }, theme): LineDataset[] {
    const bestSoFar = steps.map((row) => point(row.step + 1, row.bestSoFar));
    return [
      {
        label: 'best so far',
        data: [point(0, header.initialValue), ...bestSoFar],
        stepped: 'before',
        borderColor: theme.best,
        backgroundColor: theme.best,
        borderWidth: 2,
        // A line of one point is only seen by its point.
        pointRadius: bestSoFar.length === 0 ? 3 : 0,
        pointHitRadius: 0,
        order: 1,
      },
      {
        label: 'best of the step',
        data: [point(0, null), ...steps.map((row) => point(row.step + 1, row.best))],
        showLine: false,
        pointStyle: theme.highContrast ? 'rectRot' : 'circle',
        pointRadius: theme.highContrast ? 4 : 2.5,
        pointBorderWidth: theme.highContrast ? 1.5 : 0,
        borderColor: theme.stepBest,
        backgroundColor: theme.highContrast ? theme.background : theme.stepBest,
        order: 0,
      },
      {
        label: 'median of the step',
        data: [point(0, null), ...steps.map((row) => point(row.step + 1, row.median))],
        borderColor: theme.median,
        backgroundColor: theme.median,
        borderWidth: theme.highContrast ? 2 : 1.25,
        borderDash: [2, 3],
        pointRadius: steps.length === 1 ? 2.5 : 0,
        order: 2,
      },
    ];
  },
};

export function valueTitle({ header }: PageModel): string {
  return header.unit === '' ? header.metricName : `${header.metricName} (${header.unit})`;
}
