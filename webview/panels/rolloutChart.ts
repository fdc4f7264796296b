import { outcomeGroups, type OutcomeGroup } from '../../src/protocol/dashboardData';
import { outcomeShapes, shapeMark } from '../charts/marks';
import type { LegendEntry, Stops } from '../charts/picture';
import { referenceLayers } from '../charts/references';
import { outcomeAt, outcomeOrder, outcomeWords } from '../charts/theme';
import { validOutcome } from '../data/rowFacts';
import type { Scene } from '../data/scene';
import { rangeWords, valueRange, type ValueRange } from '../data/valueRange';
import { betterDirection, formatCount, formatDuration, formatStep, formatWithUnit } from '../words/format';
import { axisScale, valueScale } from './bestChart';
import type { ChartKind } from './chartPanel';
import { newestRows } from './panel';
import { lanePoints, valuePoints } from './rolloutPoints';
import { plural, t } from '../words/texts';

/** Every candidate: valid ones at their value, all others in a strip of their own, never as a value. */
export const rolloutChart: ChartKind = {
  id: 'rollouts',
  title: t('All rollouts'),
  subtitle: ({ header, value }) =>
    value.isDistance
      ? `${value.title}, ${betterDirection('minimize')}`
      : t('{0} of each candidate, {1}', header.metricName, betterDirection(header.goal)),
  legend: (scene): LegendEntry[] =>
    (['valid', ...laneGroups(scene)] as const).map((group) => ({
      text: outcomeWords[group],
      mark: shapeMark(outcomeShapes[group], (theme) => theme.outcomes[group]),
    })),
  picture(scene) {
    const range = rangeOf(scene);
    const groups = laneGroups(scene);
    if (range === undefined && groups.length === 0)
      return t('Nothing to draw yet: every candidate becomes a point here when its evaluation has ended.');
    const shown = range ?? { min: 0, max: 1, clipped: 0, reached: 0, hiddenReferences: [] };
    const references = referenceLayers(scene.header, shown, scene.value);
    return {
      datasets: [],
      x: axisScale(scene),
      y: valueScale(scene, shown),
      lanes: groups.map((group) => outcomeWords[group]),
      behind: [references.behind],
      front: [valuePoints(scene, shown), lanePoints(scene, groups), references.front],
      stops: stops(scene, groups),
    };
  },
  describe(scene) {
    const { header, rows, facts } = scene;
    const failures = laneGroups(scene).map(
      (group) => `${formatCount(countOf(scene, group))} ${outcomeWords[group]}`,
    );
    const failed = failures.length === 0 ? t('none failed') : failures.join(', ');
    return plural(
      rows.length,
      'Scatter chart of {0} candidate, {1} of each: {2} valid, {3}.',
      'Scatter chart of {0} candidates, {1} of each: {2} valid, {3}.',
      header.metricName,
      formatCount(facts.validCount),
      failed,
    );
  },
  caption(scene) {
    const range = rangeOf(scene);
    const { rows } = scene;
    const beyond = range === undefined ? 0 : beyondRange(scene, range);
    const words = range === undefined ? '' : rangeWords({ ...range, clipped: beyond, reached: 0 });
    return `${plural(rows.length, '{0} candidate.', '{0} candidates.')} ${words}`.trim();
  },
  table(scene) {
    const { rows, header } = scene;
    return {
      columns: [t('Candidate'), t('Step'), t('Outcome'), header.metricName, t('Parent'), t('Time')],
      ...newestRows('candidates', [...rows.ids], (id, row) => [
        `c${id}`,
        formatStep(rows.steps[row] ?? -1),
        outcomeWords[outcomeAt(rows.outcomes[row])],
        formatWithUnit(numberOrNull(rows.values[row]), header.unit),
        (rows.parents[row] ?? -1) < 0 ? '—' : `c${rows.parents[row] ?? ''}`,
        formatDuration(numberOrNull(rows.durationsMs[row])),
      ]),
    };
  },
};

/** Kinds of failure that there are, in their order. */
function laneGroups(scene: Scene): Exclude<OutcomeGroup, 'valid'>[] {
  return outcomeOrder.filter((group) => group !== 'valid').filter((group) => countOf(scene, group) > 0);
}

function countOf({ facts }: Scene, group: OutcomeGroup): number {
  const index = outcomeGroups.indexOf(group);
  return facts.steps.reduce((sum, step) => sum + (step.outcomes[index] ?? 0), 0);
}

function rangeOf({ header, steps, value }: Scene): ValueRange | undefined {
  return valueRange(header, steps, ['best', 'p25', 'median', 'p75'], value);
}

function beyondRange({ rows, value }: Scene, { min, max }: ValueRange): number {
  let beyond = 0;
  for (let row = 0; row < rows.length; row++) {
    if (rows.outcomes[row] !== validOutcome) continue;
    const y = value.of(rows.values[row] ?? Number.NaN);
    if (!(y >= min && y <= max)) beyond += 1;
  }
  return beyond;
}

function stops(scene: Scene, groups: readonly OutcomeGroup[]): Stops {
  const { rows, axis, value, header } = scene;
  const lanes = outcomeGroups.map((group) => groups.indexOf(group));
  return {
    length: rows.length,
    x: (row) => axis.ofRow(row),
    y: (row) => value.of(rows.values[row] ?? Number.NaN),
    lane(row) {
      const lane = lanes[rows.outcomes[row] ?? 0] ?? -1;
      return lane < 0 ? undefined : lane;
    },
    candidate: (row) => rows.ids[row],
    describe(row) {
      const parent = rows.parents[row] ?? -1;
      const outcome = outcomeAt(rows.outcomes[row]);
      const number = numberOrNull(rows.values[row]);
      const [id, step] = [rows.ids[row] ?? '', formatStep(rows.steps[row] ?? -1)];
      return [
        number === null ? outcomeWords[outcome] : formatWithUnit(number, header.unit),
        parent < 0 ? t('c{0}, step {1}', id, step) : t('c{0}, step {1}, from c{2}', id, step, parent),
        ...(rows.accepted[row] === 1 ? [t('accepted')] : []),
      ];
    },
  };
}

function numberOrNull(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : value;
}
