import { valueTitle } from './bestChart';
import { lineChartOptions, point, referenceLines, type LineDataset } from '../charts/chartOptions';
import type { ChartKind } from './chartSection';
import { translucent, type ChartTheme } from '../charts/chartTheme';
import { betterDirection, formatCount, formatShare, formatWithUnit } from '../words/format';
import { valueRange } from '../data/valueRange';

/** How the metric of each step's valid candidates is spread. */
export const distributionChart: ChartKind = {
  id: 'distribution',
  title: 'Distribution by step',
  subtitle: ({ header }) => `${header.metricName} of valid candidates, ${betterDirection(header.goal)}`,
  legend: [
    { mark: 'ribbon90', text: '5th to 95th percentile' },
    { mark: 'ribbon50', text: '25th to 75th' },
    { mark: 'medianLine', text: 'median' },
    { mark: 'reference', text: 'reference' },
  ],
  columns: [
    { title: 'Step', value: (row) => row.step },
    { title: 'p5', value: (row) => row.p5 },
    { title: 'p25', value: (row) => row.p25 },
    { title: 'Median', value: (row) => row.median },
    { title: 'p75', value: (row) => row.p75 },
    { title: 'p95', value: (row) => row.p95 },
    { title: 'Valid', value: (row) => row.valid, count: true },
    { title: 'Evaluated', value: (row) => row.evaluated, count: true },
  ],
  range: ({ header, steps }) => valueRange(header, steps, ['p5', 'p25', 'median', 'p75', 'p95']),
  describe({ header, steps }) {
    const last = steps.findLast((row) => row.median !== null);
    if (last === undefined) return 'Distribution chart. No step has a valid candidate yet.';
    const value = (number: number | null): string => formatWithUnit(number, header.unit);
    return (
      `Distribution chart. In step ${last.step + 1} the median ${header.metricName} is ${value(last.median)}, ` +
      `half of the candidates lie between ${value(last.p25)} and ${value(last.p75)}. ` +
      `${formatCount(header.evaluated)} candidates, ${formatShare(header.valid, header.evaluated)} valid.`
    );
  },
  options: (model, range, theme) =>
    lineChartOptions(
      theme,
      { unit: model.header.unit, valueTitle: valueTitle(model) },
      range,
      model.steps.length,
      referenceLines(model.header, range, theme),
    ),
  datasets: ({ steps }, theme): LineDataset[] => {
    const single = steps.length === 1;
    const edge = (name: 'p5' | 'p25' | 'p75' | 'p95'): LineDataset => ({
      label: `${name.slice(1)}th percentile`,
      data: [point(0, null), ...steps.map((row) => point(row.step + 1, row[name]))],
      borderColor: theme.best,
      backgroundColor: theme.best,
      ...edgeLook(name === 'p5' || name === 'p95', theme),
      pointStyle: 'line',
      // One step has no width to fill: its percentiles are drawn as short lines.
      pointRadius: single ? 6 : 0,
      pointBorderWidth: 2,
      order: 2,
    });
    return [
      { ...edge('p5'), fill: ribbon(3, 0.14, theme) },
      { ...edge('p25'), fill: ribbon(2, 0.26, theme) },
      { ...edge('p75') },
      { ...edge('p95') },
      {
        label: 'median',
        data: [point(0, null), ...steps.map((row) => point(row.step + 1, row.median))],
        borderColor: theme.best,
        backgroundColor: theme.best,
        borderWidth: 2,
        pointRadius: single || (theme.highContrast && steps.length <= 20) ? 3 : 0,
        order: 0,
      },
    ];
  },
};

/** Fills up to the dataset with that index. */
function ribbon(target: number, opacity: number, theme: ChartTheme): Exclude<LineDataset['fill'], undefined> {
  if (theme.highContrast) return false;
  const fill = translucent(theme.best, opacity);
  return { target, above: fill, below: fill };
}

/** Ribbons have no outline; in high contrast, where nothing is filled, the outlines are all there is. */
function edgeLook(outer: boolean, theme: ChartTheme): Pick<LineDataset, 'borderWidth' | 'borderDash'> {
  if (!theme.highContrast) return { borderWidth: 0 };
  return outer ? { borderWidth: 1, borderDash: [2, 3] } : { borderWidth: 1.5, borderDash: [8, 3] };
}
