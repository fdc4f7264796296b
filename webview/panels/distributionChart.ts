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

const lookWords: Readonly<Record<DistributionLook, string>> = {
  ribbons: 'Ribbons',
  ridge: 'Ridges',
  violin: 'Violins',
  heatmap: 'Heatmap',
};

const nothing = 'Nothing to draw yet: each step with a valid candidate adds its distribution here.';

/** How the metric of each step's valid candidates is spread, looked at in four ways. */
export function distributionChart(
  look: DistributionLook,
  onLook: (look: DistributionLook) => void,
): ChartKind {
  const choice = makeChoice('distribution-look', 'Look', (value) => {
    const chosen = distributionLooks.find((name) => name === value);
    if (chosen !== undefined) onLook(chosen);
  });
  choice.show(
    distributionLooks.map((name) => ({ value: name, text: lookWords[name] })),
    look,
  );
  return {
    id: 'distribution',
    title: 'Distribution by step',
    subtitle: ({ header, value, choices }) =>
      value.isDistance && choices.distribution === 'ribbons'
        ? `${value.title}, lower is better`
        : `${header.metricName} of valid candidates, ${betterDirection(header.goal)}`,
    controls: [choice.element],
    legend,
    picture(scene, theme) {
      const { choices, histograms } = scene;
      const range = ribbonRange(scene);
      if (range === undefined) return nothing;
      if (choices.distribution === 'ribbons') return ribbons(scene, theme, range);
      if (histograms === undefined || histograms.byStep.size === 0)
        return 'The histograms of the steps are not here yet.';
      return { ridge: ridges, violin: violins, heatmap }[choices.distribution](scene, histograms);
    },
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
    caption,
    table({ steps }) {
      const numbers = ['p5', 'p25', 'median', 'p75', 'p95'] as const;
      return {
        columns: ['Step', 'p5', 'p25', 'Median', 'p75', 'p95', 'Valid', 'Evaluated'],
        ...newestRows(
          steps,
          (row) => [
            formatStep(row.step),
            ...numbers.map((name) => formatValue(row[name])),
            formatCount(row.valid),
            formatCount(row.evaluated),
          ],
          'steps',
        ),
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
    ...(beyond > 0 ? [`${formatCount(beyond)} worse values are beyond the shown range.`] : []),
    ...(choices.distribution === 'violin' && count > violinLimit
      ? [`Every ${Math.ceil(count / violinLimit)}th step, the last one included.`]
      : []),
    ...(value.isDistance ? ['Only ribbons show the distance; this shows values.'] : []),
  ].join(' ');
}

function legend({ choices, header }: Scene): LegendEntry[] {
  const references = header.references.length > 0 ? [referenceEntry] : [];
  switch (choices.distribution) {
    case 'ribbons':
      return [
        { text: '5th to 95th percentile', mark: ribbonMark(0.18, { width: 1, dash: [2, 3] }) },
        { text: '25th to 75th', mark: ribbonMark(0.42, { width: 1.5, dash: [8, 3] }) },
        { text: 'median', mark: lineMark((theme) => theme.best) },
        { text: 'best', mark: lineMark((theme) => theme.stepBest, { width: 1.25 }) },
        ...references,
      ];
    case 'heatmap':
      return [
        { text: 'few', mark: areaMark((theme) => shade(theme.best, 0.2, theme.highContrast), 0) },
        { text: 'many candidates', mark: areaMark((theme) => theme.best, 3) },
        ...references,
      ];
    case 'ridge':
    case 'violin':
      return [
        {
          text: 'how many candidates have the value',
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
