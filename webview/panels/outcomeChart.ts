import { outcomeGroups } from '../../src/protocol/dashboardData';
import { areaMark, fillArea } from '../charts/marks';
import { stopsOf, type Layer } from '../charts/picture';
import { outcomeOrder, outcomeWords } from '../charts/theme';
import { runningOutcome } from '../data/rowFacts';
import type { Scene } from '../data/scene';
import { formatCount, formatShare, formatStep } from '../words/format';
import { axisScale } from './bestChart';
import type { ChartKind } from './chartPanel';
import { newestRows } from './panel';
import { plural, t } from '../words/texts';

/** What became of the candidates of each step. */
export const outcomeChart: ChartKind = {
  id: 'outcomes',
  title: t('Outcome share'),
  subtitle: () => t('what became of the candidates of each step'),
  legend: (scene) =>
    groupsOf(scene).map((group) => ({
      text: outcomeWords[group],
      mark: areaMark((theme) => theme.outcomes[group], outcomeOrder.indexOf(group)),
    })),
  picture(scene) {
    const steps = ended(scene);
    if (steps.length === 0) return t('Nothing to draw yet: shares appear with the first step.');
    const { axis } = scene;
    return {
      datasets: [],
      x: axisScale(scene),
      y: {
        min: 0,
        max: 1,
        title: t('share of candidates'),
        format: (share) => formatShare(Math.round(100 * share), 100),
      },
      front: [columns(scene)],
      stops: stopsOf(steps, {
        x: ({ step }) => (leftOf(scene, step) + axis.ofStep(step)) / 2,
        y: ({ counts, all }) => (counts[outcomeGroups.indexOf('valid')] ?? 0) / all,
        describe: ({ step, counts, all }) => [
          plural(all, 'Step {1}: {0} candidate', 'Step {1}: {0} candidates', formatStep(step)),
          ...groupsOf(scene).flatMap((group) => {
            const count = counts[outcomeGroups.indexOf(group)] ?? 0;
            return count === 0 ? [] : [`${outcomeWords[group]} ${formatShare(count, all)}`];
          }),
        ],
      }),
    };
  },
  describe(scene) {
    const last = ended(scene).at(-1);
    if (last === undefined) return t('Stacked chart of outcomes. No candidate has been evaluated yet.');
    const shares = groupsOf(scene).map(
      (group) =>
        `${formatShare(last.counts[outcomeGroups.indexOf(group)] ?? 0, last.all)} ${outcomeWords[group]}`,
    );
    return t('Stacked chart of outcomes by step. Step {0}: {1}.', formatStep(last.step), shares.join(', '));
  },
  table(scene) {
    const groups = groupsOf(scene);
    return {
      columns: [t('Step'), t('Candidates'), ...groups.map((group) => outcomeWords[group])],
      ...newestRows('steps', ended(scene), ({ step, counts, all }) => [
        formatStep(step),
        formatCount(all),
        ...groups.map((group) => formatCount(counts[outcomeGroups.indexOf(group)] ?? 0)),
      ]),
    };
  },
};

interface EndedStep {
  readonly step: number;
  readonly counts: Uint32Array;
  /** Without those that still run. */
  readonly all: number;
}

function ended({ facts }: Scene): EndedStep[] {
  return facts.steps
    .map(({ outcomes, count }, step) => ({
      step,
      counts: outcomes,
      all: count - (outcomes[runningOutcome] ?? 0),
    }))
    .filter(({ all }) => all > 0);
}

function groupsOf({ facts }: Scene): typeof outcomeOrder {
  return outcomeOrder.filter((group) => {
    const index = outcomeGroups.indexOf(group);
    return facts.steps.some(({ outcomes }) => (outcomes[index] ?? 0) > 0);
  });
}

function leftOf({ axis }: Scene, step: number): number {
  return step === 0 ? 0 : axis.ofStep(step - 1);
}

/** A column a step, valid ones at the foot. */
function columns(scene: Scene): Layer {
  const groups = groupsOf(scene);
  return ({ ctx, theme, x, y }) => {
    for (const { step, counts, all } of ended(scene)) {
      const [left, right] = [x(leftOf(scene, step)), x(scene.axis.ofStep(step))];
      const gap = right - left > 6 ? 1 : 0;
      let below = 0;
      for (const group of groups) {
        const above = below + (counts[outcomeGroups.indexOf(group)] ?? 0) / all;
        const area = { left: left + gap, right, top: y(above), bottom: y(below) };
        below = above;
        if (area.bottom - area.top < 0.1) continue;
        fillArea(
          ctx,
          theme,
          theme.outcomes[group],
          outcomeOrder.indexOf(group),
          area,
          group === 'valid' ? 0.3 : 0.85,
        );
      }
    }
  };
}
