import { areaMark } from '../charts/marks';
import { stopsOf, type Layer } from '../charts/picture';
import { translucent } from '../charts/theme';
import { gainsByStep, type StepGains } from '../data/lineage';
import type { Scene } from '../data/scene';
import { formatCount, formatDifference, formatShare, formatStep } from '../words/format';
import { axisScale } from './bestChart';
import type { ChartKind } from './chartPanel';
import { newestRows } from './panel';
import { t } from '../words/texts';

/** How many mutations improve on their parent: what a search lives on. */
export const gainChart: ChartKind = {
  id: 'gains',
  title: t('Gain per mutation'),
  subtitle: () => t('valid candidates that are better than their parent'),
  legend: () => [
    {
      text: t('better than the parent'),
      mark: areaMark((theme) => (theme.highContrast ? theme.best : translucent(theme.best, 0.6)), 1),
    },
  ],
  picture(scene) {
    const gains = gainsOf(scene);
    if (gains.length === 0)
      return t('Nothing to draw yet: candidates are compared with their parents when both have a value.');
    const { axis, header } = scene;
    const highest = Math.max(0.05, ...gains.map(shareOf));
    return {
      datasets: [],
      x: axisScale(scene),
      y: {
        min: 0,
        max: Math.min(1, 1.15 * highest),
        title: t('share of mutations'),
        format: (share) => formatShare(share, 1),
      },
      front: [bars(scene, gains)],
      stops: stopsOf(gains, {
        x: ({ step }) => (leftOf(scene, step) + axis.ofStep(step)) / 2,
        y: shareOf,
        describe: ({ step, better, mutations, equal, largestGain }) => [
          t('Step {0}: {1} better', formatStep(step), formatShare(better, mutations)),
          t('{0} of {1}, {2} equal', formatCount(better), formatCount(mutations), formatCount(equal)),
          t('largest gain {0}', `${formatDifference(largestGain)} ${header.unit}`.trim()),
        ],
      }),
    };
  },
  describe(scene) {
    const last = gainsOf(scene).at(-1);
    if (last === undefined) return t('Bar chart of gains per mutation. No candidate has a valid parent yet.');
    return t(
      'Bar chart of mutations that are better than their parent. Step {0}: {1} of {2}, largest gain {3}.',
      formatStep(last.step),
      formatShare(last.better, last.mutations),
      formatCount(last.mutations),
      formatDifference(last.largestGain),
    );
  },
  table: (scene) => ({
    columns: [t('Step'), t('Mutations'), t('Better'), t('Equal'), t('Largest gain')],
    ...newestRows('steps', gainsOf(scene), ({ step, mutations, better, equal, largestGain }) => [
      formatStep(step),
      formatCount(mutations),
      formatCount(better),
      formatCount(equal),
      formatDifference(largestGain),
    ]),
  }),
};

function gainsOf({ rows, header }: Scene): StepGains[] {
  return gainsByStep(rows, header.goal);
}

function shareOf({ better, mutations }: StepGains): number {
  return better / mutations;
}

function leftOf({ axis }: Scene, step: number): number {
  return step === 0 ? 0 : axis.ofStep(step - 1);
}

function bars(scene: Scene, gains: readonly StepGains[]): Layer {
  return ({ ctx, theme, x, y }) => {
    ctx.fillStyle = theme.highContrast ? theme.best : translucent(theme.best, 0.6);
    for (const gain of gains) {
      const [left, right] = [x(leftOf(scene, gain.step)), x(scene.axis.ofStep(gain.step))];
      const gap = right - left > 4 ? 1 : 0;
      ctx.fillRect(left + gap, y(shareOf(gain)), right - left - gap, y(0) - y(shareOf(gain)));
    }
  };
}
