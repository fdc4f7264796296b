import type { StepRow } from '../../src/protocol/dashboardMessages';
import { addShape, lineMark, shapeMark } from '../charts/marks';
import { point, stopsOf, type ChartPicture, type Layer, type LegendEntry } from '../charts/picture';
import { referenceLayers } from '../charts/references';
import type { ChartTheme } from '../charts/theme';
import { axisWords } from '../data/axis';
import type { Scene } from '../data/scene';
import { countingBeyond, rangeWords, valueRange, type ValueRange } from '../data/valueRange';
import { describeBest } from '../words/comparison';
import { betterDirection, formatStep, formatValue, formatWithUnit } from '../words/format';
import type { ChartKind } from './chartPanel';
import { newestRows } from './panel';
import { plural, t } from '../words/texts';

/** The best value so far, with each step's own best and median. */
export const bestChart: ChartKind = {
  id: 'best',
  title: t('Best so far'),
  subtitle: ({ header, axis, value }) =>
    value.isDistance
      ? t('{0} by {1}, {2}', value.title, axisWords[axis.name], betterDirection('minimize'))
      : t('{0} by {1}, {2}', header.metricName, axisWords[axis.name], betterDirection(header.goal)),
  legend: ({ rows, header }) => [
    { text: t('best so far'), mark: lineMark((theme) => theme.best) },
    { text: t('best of the step'), mark: stepBestMark },
    { text: t('median'), mark: lineMark((theme) => theme.median, { width: 1.25, dash: [2, 3] }) },
    { text: t('mean'), mark: lineMark((theme) => theme.mutedText, { width: 1, dash: [6, 2, 1, 2] }) },
    ...(header.references.length > 0 ? [referenceEntry] : []),
    ...(rows.accepted.includes(1)
      ? [{ text: t('accepted'), mark: shapeMark('diamond', (theme) => theme.accepted) }]
      : []),
  ],
  describe({ header, steps }) {
    const last = steps.at(-1);
    const words = t('Line chart. {0}', describeBest(header));
    if (last === undefined) return words;
    return `${words} ${plural(steps.length, '{0} step.', '{0} steps, the last is step {1}.', formatStep(last.step))}`;
  },
  caption: (scene) => {
    const range = rangeOf(scene);
    return range === undefined ? '' : rangeWords(range);
  },
  picture(scene, theme) {
    const range = rangeOf(scene);
    if (range === undefined)
      return t(
        'Nothing to draw yet: the first point is the initial program’s value, when it has been evaluated.',
      );
    const references = referenceLayers(scene.header, range, scene.value);
    return {
      datasets: datasets(scene, theme),
      x: axisScale(scene),
      y: valueScale(scene, range),
      behind: [references.behind],
      front: [acceptedMarks(scene), references.front],
      stops: stops(scene),
    };
  },
  table({ steps }) {
    return {
      columns: [
        t('Step'),
        t('Best so far'),
        t({ message: 'Best', comment: 'the best value, over a column' }),
        t('Median'),
        t('Mean'),
      ],
      ...newestRows('steps', steps, (row) => [
        formatStep(row.step),
        ...[row.bestSoFar, row.best, row.median, row.mean].map(formatValue),
      ]),
    };
  },
};

export const referenceEntry: LegendEntry = {
  text: t('reference'),
  mark: lineMark((theme) => theme.reference, { width: 1, dash: [5, 4] }),
};

function stepBestMark(ctx: CanvasRenderingContext2D, theme: ChartTheme): void {
  shapeMark(
    theme.highContrast ? 'diamond' : 'circle',
    ({ stepBest }) => stepBest,
    theme.highContrast,
  )(ctx, theme);
}

export function axisScale({ axis }: Scene): ChartPicture['x'] {
  return {
    min: 0,
    max: axis.max > 0 ? axis.max : 1,
    title: axis.title,
    format: (x) => axis.format(x),
    whole: axis.name === 'step' || axis.name === 'rollouts',
  };
}

export function valueScale({ value }: Scene, range: ValueRange): ChartPicture['y'] {
  return {
    min: range.min,
    max: range.max,
    title: value.title,
    format: (y) => value.format(y),
    ticks: value.ticks,
  };
}

function rangeOf({ header, steps, value }: Scene): ValueRange | undefined {
  const range = valueRange(header, steps, ['bestSoFar', 'best', 'median'], value);
  // One value that is worse by orders of magnitude takes the mean away with it.
  return (
    range &&
    countingBeyond(
      range,
      value,
      steps.map(({ mean }) => mean),
    )
  );
}

function datasets(scene: Scene, theme: ChartTheme): ChartPicture['datasets'] {
  const { header, steps, axis, value } = scene;
  const height = (number: number | null): number | null => (number === null ? null : value.of(number));
  const perStep = (name: 'best' | 'median' | 'mean' | 'bestSoFar') =>
    steps.map((row) => point(axis.ofStep(row.step), height(row[name])));
  const course = bestCourse(scene);
  return [
    {
      label: t('best so far'),
      data: course.length > 0 ? course : [point(0, height(header.initialValue)), ...perStep('bestSoFar')],
      stepped: 'before',
      borderColor: theme.best,
      backgroundColor: theme.best,
      borderWidth: 2,
      // A line of one point is only seen by its point.
      pointRadius: steps.length === 0 ? 3 : 0,
      order: 1,
    },
    {
      label: t('best of the step'),
      data: perStep('best'),
      showLine: false,
      pointStyle: theme.highContrast ? 'rectRot' : 'circle',
      pointRadius: theme.highContrast ? 4 : steps.length > 120 ? 1.5 : 2.5,
      pointBorderWidth: theme.highContrast ? 1.5 : 0,
      borderColor: theme.stepBest,
      backgroundColor: theme.highContrast ? theme.background : theme.stepBest,
      order: 0,
    },
    {
      label: t('median of the step'),
      data: perStep('median'),
      borderColor: theme.median,
      borderWidth: theme.highContrast ? 2 : 1.25,
      borderDash: [2, 3],
      pointRadius: steps.length === 1 ? 2.5 : 0,
      order: 2,
    },
    {
      label: t('mean of the step'),
      data: perStep('mean'),
      borderColor: theme.mutedText,
      borderWidth: 1,
      borderDash: [6, 2, 1, 2],
      pointRadius: 0,
      order: 3,
    },
  ];
}

/** The running best at the candidates that made it, and on to where the session is now. */
export function bestCourse({ rows, axis, value, improvements }: Scene): ReturnType<typeof point>[] {
  const course = improvements.map((row) => point(axis.ofRow(row), value.of(rows.values[row] ?? Number.NaN)));
  const last = course.at(-1);
  const now = rows.length === 0 ? Number.NaN : lastPlace(rows.length, axis.ofRow);
  return last !== undefined && now > (last.x ?? now) ? [...course, point(now, last.y)] : course;
}

function lastPlace(length: number, ofRow: (row: number) => number): number {
  for (let row = length - 1; row >= 0; row--) {
    const x = ofRow(row);
    if (Number.isFinite(x)) return x;
  }
  return Number.NaN;
}

function acceptedMarks({ rows, axis, value }: Scene): Layer {
  return ({ ctx, theme, x, y }) => {
    ctx.fillStyle = theme.accepted;
    ctx.strokeStyle = theme.background;
    ctx.lineWidth = 1.5;
    ctx.beginPath();
    for (let row = rows.accepted.indexOf(1); row >= 0; row = rows.accepted.indexOf(1, row + 1)) {
      const height = value.of(rows.values[row] ?? Number.NaN);
      if (Number.isFinite(height)) addShape(ctx, 'diamond', x(axis.ofRow(row)), y(height), 6);
    }
    ctx.fill();
    ctx.stroke();
  };
}

interface BestStop {
  readonly row: number;
  readonly x: number;
  readonly step: StepRow | undefined;
}

/** Each improvement, and the best of each step. */
function stops({ header, rows, facts, axis, value, improvements, steps }: Scene): ChartPicture['stops'] {
  const improved = new Set(improvements);
  const all: BestStop[] = improvements.map((row) => ({ row, x: axis.ofRow(row), step: undefined }));
  for (const step of steps) {
    const row = facts.steps[step.step]?.bestRow ?? -1;
    if (row >= 0) all.push({ row, x: axis.ofStep(step.step), step });
  }
  const number = (value: number | null | undefined): string => formatWithUnit(value ?? null, header.unit);
  return stopsOf(
    all.sort((a, b) => a.x - b.x),
    {
      x: ({ x }) => x,
      y: ({ row }) => value.of(rows.values[row] ?? Number.NaN),
      candidate: ({ row }) => rows.ids[row],
      describe: ({ row, step }) => {
        const id = rows.ids[row] ?? 0;
        if (step === undefined)
          return [
            t('New best {0}', number(rows.values[row])),
            t('c{0}, step {1}', id, formatStep(rows.steps[row] ?? -1)),
          ];
        return [
          t('Step {0}: best {1}', formatStep(step.step), number(step.best)),
          improved.has(row) ? t('c{0}, a new best', id) : `c${id}`,
          t('best so far {0}', number(step.bestSoFar)),
          t('median {0}, mean {1}', number(step.median), number(step.mean)),
        ];
      },
    },
  );
}
