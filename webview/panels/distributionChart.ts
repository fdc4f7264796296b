import { distributionLooks, type DistributionLook } from '../../src/protocol/dashboardMessages';
import { areaMark, lineMark } from '../charts/marks';
import type { LegendEntry } from '../charts/picture';
import { translucent } from '../charts/theme';
import type { Scene } from '../data/scene';
import { rangeWords } from '../data/valueRange';
import { makeChoice } from '../page/choice';
import {
  betterDirection,
  formatCount,
  formatShare,
  formatStep,
  formatValue,
  formatWithUnit,
} from '../words/format';
import { referenceEntry } from './bestChart';
import type { ChartKind } from './chartPanel';
import { countBeyond, heatmap, ridges, violinLimit, violins } from './densities';
import { newestRows } from './panel';
import { ribbonRange, ribbons } from './ribbons';
import { plural, t } from '../words/texts';

const lookWords: Readonly<Record<DistributionLook, string>> = {
  ribbons: t('Ribbons'),
  ridge: t('Ridges'),
  violin: t('Violins'),
  heatmap: t('Heatmap'),
};

const nothing = t('Nothing to draw yet: each step with a valid candidate adds its distribution here.');

/** How the metric of each step's valid candidates is spread, looked at in four ways. */
export function distributionChart(
  look: DistributionLook,
  onLook: (look: DistributionLook) => void,
): ChartKind {
  const choice = makeChoice('distribution-look', t('Look'), (value) => {
    const chosen = distributionLooks.find((name) => name === value);
    if (chosen !== undefined) onLook(chosen);
  });
  choice.show(
    distributionLooks.map((name) => ({ value: name, text: lookWords[name] })),
    look,
  );
  return {
    id: 'distribution',
    title: t('Distribution by step'),
    subtitle: ({ header, value, choices }) =>
      value.isDistance && choices.distribution === 'ribbons'
        ? `${value.title}, ${betterDirection('minimize')}`
        : t('{0} of valid candidates, {1}', header.metricName, betterDirection(header.goal)),
    controls: [choice.element],
    legend,
    picture(scene, theme) {
      const { choices, histograms } = scene;
      const range = ribbonRange(scene);
      if (range === undefined) return nothing;
      if (choices.distribution === 'ribbons') return ribbons(scene, theme, range);
      if (histograms === undefined || histograms.byStep.size === 0)
        return t('The histograms of the steps are not here yet.');
      return { ridge: ridges, violin: violins, heatmap }[choices.distribution](scene, histograms);
    },
    describe({ header, steps }) {
      const last = steps.findLast((row) => row.median !== null);
      if (last === undefined) return t('Distribution chart. No step has a valid candidate yet.');
      const value = (number: number | null): string => formatWithUnit(number, header.unit);
      const spread = t(
        'Distribution chart. In step {0} the median {1} is {2}, half of the candidates lie between {3} and {4}.',
        formatStep(last.step),
        header.metricName,
        value(last.median),
        value(last.p25),
        value(last.p75),
      );
      const valid = formatShare(header.valid, header.evaluated);
      return `${spread} ${plural(header.evaluated, '{0} candidate, {1} valid.', '{0} candidates, {1} valid.', valid)}`;
    },
    caption,
    table({ steps }) {
      const numbers = ['p5', 'p25', 'median', 'p75', 'p95'] as const;
      return {
        columns: [t('Step'), 'p5', 'p25', t('Median'), 'p75', 'p95', t('Valid'), t('Evaluated')],
        ...newestRows('steps', steps, (row) => [
          formatStep(row.step),
          ...numbers.map((name) => formatValue(row[name])),
          formatCount(row.valid),
          formatCount(row.evaluated),
        ]),
      };
    },
  };
}

function caption(scene: Scene): string {
  const { choices, histograms, value } = scene;
  if (choices.distribution === 'ribbons') {
    const range = ribbonRange(scene);
    return range === undefined ? '' : rangeWords(range);
  }
  const count = histograms?.byStep.size ?? 0;
  const beyond = histograms === undefined ? 0 : countBeyond(scene, histograms);
  return [
    ...(beyond > 0
      ? [
          plural(
            beyond,
            '{0} worse value is beyond the shown range.',
            '{0} worse values are beyond the shown range.',
          ),
        ]
      : []),
    ...(choices.distribution === 'violin' && count > violinLimit
      ? [t('One step in {0}, the last one included.', Math.ceil(count / violinLimit))]
      : []),
    ...(value.isDistance ? [t('Only ribbons show the distance; this shows values.')] : []),
  ].join(' ');
}

function legend({ choices, header }: Scene): LegendEntry[] {
  const references = header.references.length > 0 ? [referenceEntry] : [];
  switch (choices.distribution) {
    case 'ribbons':
      return [
        { text: t('5th to 95th percentile'), mark: ribbonMark(0.18, { width: 1, dash: [2, 3] }) },
        { text: t('25th to 75th'), mark: ribbonMark(0.42, { width: 1.5, dash: [8, 3] }) },
        { text: t('median'), mark: lineMark((theme) => theme.best) },
        { text: t('best'), mark: lineMark((theme) => theme.stepBest, { width: 1.25 }) },
        ...references,
      ];
    case 'heatmap':
      return [
        { text: t('few'), mark: areaMark((theme) => shade(theme.best, 0.2, theme.highContrast), 0) },
        { text: t('many candidates'), mark: areaMark((theme) => theme.best, 3) },
        ...references,
      ];
    case 'ridge':
    case 'violin':
      return [
        {
          text: t('how many candidates have the value'),
          mark: areaMark((theme) => shade(theme.best, 0.4, theme.highContrast)),
        },
        ...references,
      ];
  }
}

/** As `ribbons.ts` draws them: in high contrast by their outlines alone. */
function ribbonMark(
  opacity: number,
  outline: { readonly width: number; readonly dash: readonly number[] },
): LegendEntry['mark'] {
  return (ctx, theme) =>
    theme.highContrast
      ? lineMark(({ best }) => best, outline)(ctx, theme)
      : areaMark(({ best }) => translucent(best, opacity))(ctx, theme);
}

function shade(colour: string, opacity: number, highContrast: boolean): string {
  return highContrast ? colour : translucent(colour, opacity);
}
