import { point, type ChartPicture, type LineDataset } from '../charts/picture';
import { referenceLayers } from '../charts/references';
import { translucent, type ChartTheme } from '../charts/theme';
import type { Scene } from '../data/scene';
import { countingBeyond, valueRange, type ValueRange } from '../data/valueRange';
import { axisScale, valueScale } from './bestChart';
import { stepStops } from './stepStops';
import { t } from '../words/texts';

type Edge = 'p5' | 'p25' | 'p75' | 'p95';

/** The worst twentieth of a step may be worse by orders of magnitude: the range is that of the better half and of most of the rest. */
export function ribbonRange({ header, steps, value }: Scene): ValueRange | undefined {
  const range = valueRange(header, steps, ['best', 'p25', 'median', 'p75'], value);
  return (
    range &&
    countingBeyond(
      range,
      value,
      steps.flatMap(({ p5, p95 }) => [p5, p95]),
    )
  );
}

/** Where nine tenths and half of each step's values lie, with their median and the best. */
export function ribbons(scene: Scene, theme: ChartTheme, range: ValueRange): ChartPicture {
  const { header, steps, axis, value } = scene;
  const single = steps.length === 1;
  const line = (name: Edge | 'median' | 'best' | 'bestSoFar') =>
    steps.map((row) => {
      const number = row[name];
      return point(axis.ofStep(row.step), number === null ? null : value.of(number));
    });
  const edge = (name: Edge): LineDataset => ({
    label: name,
    data: line(name),
    borderColor: theme.best,
    backgroundColor: theme.best,
    ...edgeLook(name === 'p5' || name === 'p95', theme),
    pointStyle: 'line',
    // One step has no width to fill: its percentiles are drawn as short lines.
    pointRadius: single ? 6 : 0,
    pointBorderWidth: 2,
    order: 2,
  });
  const references = referenceLayers(header, range, value);
  return {
    datasets: [
      { ...edge('p5'), fill: ribbon(3, 0.14, theme) },
      { ...edge('p25'), fill: ribbon(2, 0.26, theme) },
      edge('p75'),
      edge('p95'),
      {
        label: 'median',
        data: line('median'),
        borderColor: theme.best,
        backgroundColor: theme.best,
        borderWidth: 2,
        pointRadius: single || (theme.highContrast && steps.length <= 20) ? 3 : 0,
        order: 0,
      },
      {
        label: t('best of the step'),
        data: line('best'),
        borderColor: theme.stepBest,
        backgroundColor: theme.stepBest,
        borderWidth: theme.highContrast ? 2 : 1,
        borderDash: theme.highContrast ? [1, 3] : [],
        pointRadius: single ? 3 : 0,
        order: 1,
      },
    ],
    x: axisScale(scene),
    y: valueScale(scene, range),
    behind: [references.behind],
    front: [references.front],
    stops: stepStops(scene, (row) => (row.median === null ? Number.NaN : value.of(row.median))),
  };
}

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
