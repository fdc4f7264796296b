import type { StepRow } from '../../src/protocol/dashboardMessages';
import { areaMark, fillArea } from '../charts/marks';
import { stopsOf, type Layer } from '../charts/picture';
import { translucent, type ChartTheme } from '../charts/theme';
import type { Scene } from '../data/scene';
import { spendingOf, workMs } from '../data/spending';
import { make } from '../page/dom';
import { formatCompact, formatShare, formatSpan, formatStep, formatUsd } from '../words/format';
import type { Figure } from '../words/usageFigures';
import { axisScale } from './bestChart';
import { makeChartPanel, type ChartKind } from './chartPanel';
import { makeEvaluationTable } from './evaluationTable';
import { evaluationFigures } from '../words/evaluationFigures';
import { showFigures } from './figureList';
import { newestRows, type Panel, type PanelPorts } from './panel';
import { t } from '../words/texts';

/** How time and money go: what each step's time went to, and what it comes to. */
export function makeMoneyPanel(ports: PanelPorts): Panel {
  const panel = makeChartPanel(moneyChart, ports);
  const figures = make('dl', { class: 'facts', id: 'spending' });
  const evaluations = makeEvaluationTable();
  panel.element.querySelector('.panel-head')?.after(figures, evaluations.element);
  return {
    element: panel.element,
    describe: panel.describe,
    show(scene) {
      showFigures(figures, spendingFigures(scene));
      evaluations.show(scene.header.evaluations);
      panel.show(scene);
    },
  };
}

export function spendingFigures(scene: Scene): Figure[] {
  const { header, rows, steps } = scene;
  const spending = spendingOf(scene);
  const { elapsedMs, stepMs, remainingMs, evaluationMs, trainingMs, evaluatorsBusy, usd, tokens } = spending;
  const figure = (known: boolean, term: string, text: string, detail: string): Figure[] =>
    known ? [{ term, text, detail }] : [];
  const finished = Math.max(1, steps.filter((row) => row.finished).length);
  const expected = header.usage?.cost?.expectedUsd ?? null;
  return [
    ...figure(
      elapsedMs > 0,
      t('elapsed'),
      formatSpan(elapsedMs),
      t('From the start to the last outcome, pauses included'),
    ),
    ...figure(
      stepMs > 0,
      t('a step'),
      formatSpan(stepMs),
      t('The last finished steps took so long on average'),
    ),
    ...figure(
      remainingMs > 0,
      t('to the end'),
      t('about {0}', formatSpan(remainingMs)),
      t('If the steps to come take as long as the last ones'),
    ),
    ...figure(
      evaluationMs > 0,
      t('evaluations'),
      formatSpan(evaluationMs),
      t(
        'All evaluations, as if one after the other; {0} each on average',
        formatSpan(evaluationMs / Math.max(1, rows.length)),
      ),
    ),
    ...figure(
      evaluatorsBusy !== undefined,
      t('evaluators busy'),
      shareText(evaluatorsBusy ?? null),
      t('Share of the evaluators’ time in the last step in which they worked'),
    ),
    ...evaluationFigures(header.evaluations),
    ...figure(trainingMs > 0, t('training'), formatSpan(trainingMs), t('All updates of the model')),
    ...figure(
      tokens > 0,
      t('tokens'),
      formatCompact(tokens),
      t('{0} a step on average', formatCompact(tokens / finished)),
    ),
    ...figure(usd > 0, t('cost'), formatUsd(usd), t('{0} a step on average', formatUsd(usd / finished))),
    ...figure(
      expected !== null,
      t('at the end'),
      t('about {0}', formatUsd(expected ?? 0)),
      t('If the steps to come cost what those so far did on average'),
    ),
  ];
}

type Part = 'samplingMs' | 'evaluationMs' | 'trainingMs';

/** In their order in time, from the foot of a column. */
const parts: readonly {
  readonly name: Part;
  readonly text: string;
  readonly colour: (theme: ChartTheme) => string;
}[] = [
  { name: 'samplingMs', text: t('sampling'), colour: (theme) => theme.best },
  { name: 'evaluationMs', text: t('evaluation alone'), colour: (theme) => theme.stepBest },
  { name: 'trainingMs', text: t('training'), colour: (theme) => theme.median },
];

const moneyChart: ChartKind = {
  id: 'money',
  title: t('Time and money'),
  subtitle: () => t('what each step’s time went to'),
  legend: (scene) =>
    known(scene).map(({ text, colour }, index) => ({
      text,
      mark: areaMark(
        (theme) => (theme.highContrast ? colour(theme) : translucent(colour(theme), columnOpacity)),
        index,
      ),
    })),
  picture(scene) {
    const timed = scene.steps.filter((row) => workMs(row) > 0);
    if (timed.length === 0)
      return t('Nothing to draw yet: what the time went to is known when the first step is at work.');
    const longest = Math.max(...timed.map(workMs));
    const { axis } = scene;
    return {
      datasets: [],
      x: axisScale(scene),
      y: {
        min: 0,
        max: 1.08 * longest,
        title: t('time of a step'),
        format: formatSpan,
        ticks: (_, max) => spanTicks(max),
      },
      front: [columns(scene, timed)],
      stops: stopsOf(timed, {
        x: (row) => (leftOf(scene, row) + axis.ofStep(row.step)) / 2,
        y: workMs,
        describe: (row) => [
          t('Step {0}: {1}', formatStep(row.step), formatSpan(workMs(row))),
          ...known(scene).map(({ name, text }) => `${text} ${formatSpan(row[name] ?? 0)}`),
          t('evaluators busy {0}', shareText(row.evaluatorsBusy)),
        ],
      }),
    };
  },
  describe(scene) {
    const figures = spendingFigures(scene).map(({ term, text }) => `${term} ${text}`);
    const row = scene.steps.findLast((step) => workMs(step) > 0);
    const shares =
      row === undefined ? [] : known(scene).map(({ name, text }) => `${text} ${formatSpan(row[name] ?? 0)}`);
    const words = t('Stacked chart of the time of each step. {0}.', figures.join(', '));
    return row === undefined
      ? words
      : `${words} ${t('In step {0}: {1}.', formatStep(row.step), shares.join(', '))}`;
  },
  table: (scene) => ({
    columns: [
      t('Step'),
      ...known(scene).map(({ text }) => text),
      t('Evaluators busy'),
      t('Ended after'),
      t('Tokens so far'),
      t('Cost so far'),
    ],
    ...newestRows('steps', scene.steps, (row) => [
      formatStep(row.step),
      ...known(scene).map(({ name }) => formatSpan(row[name] ?? Number.NaN)),
      shareText(row.evaluatorsBusy),
      formatSpan(row.endedAtMs ?? Number.NaN),
      row.tokensUpTo > 0 ? formatCompact(row.tokensUpTo) : '—',
      row.usdUpTo === null ? '—' : formatUsd(row.usdUpTo),
    ]),
  }),
};

function known({ steps }: Scene): typeof parts {
  return parts.filter(({ name }) => steps.some((row) => (row[name] ?? 0) > 0));
}

function shareText(share: number | null): string {
  return share === null ? '—' : formatShare(share, 1);
}

function leftOf({ axis }: Scene, { step }: StepRow): number {
  return step === 0 ? 0 : axis.ofStep(step - 1);
}

const columnOpacity = 0.65;

function columns(scene: Scene, timed: readonly StepRow[]): Layer {
  const shown = known(scene);
  return ({ ctx, theme, x, y }) => {
    for (const row of timed) {
      const [left, right] = [x(leftOf(scene, row)), x(scene.axis.ofStep(row.step))];
      const gap = right - left > 4 ? 1 : 0;
      let below = 0;
      shown.forEach(({ name, colour }, index) => {
        const above = below + (row[name] ?? 0);
        const area = { left: left + gap, right, top: y(above), bottom: y(below) };
        below = above;
        if (area.bottom - area.top < 0.1) return;
        fillArea(ctx, theme, colour(theme), index, area, columnOpacity);
      });
    }
  };
}

/** Ticks at seconds, minutes or hours that people count in. */
export function spanTicks(maxMs: number): number[] {
  const steps = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 86_400].map(
    (seconds) => 1000 * seconds,
  );
  const step = steps.find((size) => maxMs / size <= 6) ?? maxMs / 5;
  return Array.from({ length: Math.floor(maxMs / step) + 1 }, (_, index) => index * step);
}
