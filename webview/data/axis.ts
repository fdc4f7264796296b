import type { Overlay } from '../../src/protocol/dashboardData';
import { axisNames, type AxisName, type StepRow } from '../../src/protocol/dashboardMessages';
import { formatCompact, formatCount, formatTenths, formatUsd } from '../words/format';
import type { CandidateRows } from './columnStore';
import type { RowFacts } from './rowFacts';
import { t } from '../words/texts';

/** What all charts have along their bottom. Candidates, steps and other sessions have their place on it. */
export interface Axis {
  readonly name: AxisName;
  readonly title: string;
  readonly max: number;
  readonly ofRow: (row: number) => number;
  /** Where a step ended, or has come to. */
  ofStep(step: number): number;
  ofOverlay(overlay: Overlay, index: number): number;
  /** A place in few characters, for ticks. */
  format(x: number): string;
}

export const axisTitles: Readonly<Record<AxisName, string>> = {
  step: t('Step'),
  rollouts: t('Rollouts'),
  time: t('Wall time'),
  tokens: t('Tokens'),
  cost: t('Cost'),
};

/** Within a sentence. */
export const axisWords: Readonly<Record<AxisName, string>> = {
  step: t('step'),
  rollouts: t('rollouts'),
  time: t({ message: 'time', comment: 'since the session began' }),
  tokens: t('tokens'),
  cost: t('cost'),
};

/** Why an axis cannot be chosen; `undefined` for one that can. */
export function axisMissing(name: AxisName, rows: CandidateRows): string | undefined {
  const last = rows.length - 1;
  if (name === 'step') return undefined;
  if (last < 0) return t('no candidates yet');
  if (name === 'time' && !rows.endedAtMs.some((ms) => ms > 0)) return t('nothing evaluated yet');
  if (name === 'tokens' && !((rows.tokensUpTo[last] ?? 0) > 0)) return t('no language model counts any');
  if (name === 'cost' && !rows.usdUpTo.some((usd) => usd > 0)) return t('no prices known');
  return undefined;
}

/** The chosen axis, or steps while that cannot be. */
export function makeAxis(
  chosen: AxisName,
  rows: CandidateRows,
  facts: RowFacts,
  steps: readonly StepRow[],
): Axis {
  const name = axisMissing(chosen, rows) === undefined ? chosen : 'step';
  if (name === 'step') return stepAxis(rows, facts, steps);
  const { column, unit, ofStep, ofOverlay, title, format } = plainAxes[name];
  const ends = steps.map((row) => (ofStep(row) ?? Number.NaN) / unit);
  const ofRow = (row: number): number => column(rows, row) / unit;
  let max = Math.max(0, ...ends.filter((end) => end > 0));
  for (let row = rows.length - 1; row >= 0 && max === 0; row--) max = Math.max(max, ofRow(row) || 0);
  const hours = name === 'time' && max > 2 * 60;
  const scale = hours ? 60 : 1;
  return {
    name,
    title: hours ? t('hours since the start') : title,
    max: max / scale,
    ofRow: (row) => ofRow(row) / scale,
    ofStep: (step) => (step < 0 ? 0 : (ends[step] ?? Number.NaN) / scale),
    ofOverlay: (overlay, index) => ofOverlay(overlay, index) / unit / scale,
    format,
  };
}

const minuteMs = 60_000;

const plainAxes: Readonly<
  Record<
    Exclude<AxisName, 'step'>,
    {
      readonly title: string;
      readonly unit: number;
      readonly column: (rows: CandidateRows, row: number) => number;
      readonly ofStep: (row: StepRow) => number | null;
      readonly ofOverlay: (overlay: Overlay, index: number) => number;
      readonly format: (x: number) => string;
    }
  >
> = {
  rollouts: {
    title: t('rollouts'),
    unit: 1,
    // As many as there were with it: ids begin at 0.
    column: (rows, row) => (rows.ids[row] ?? Number.NaN) + 1,
    ofStep: (row) => row.rolloutsUpTo,
    ofOverlay: (overlay, index) => (overlay.candidates[index] ?? Number.NaN) + 1,
    format: formatCompact,
  },
  time: {
    title: t('minutes since the start'),
    unit: minuteMs,
    column: (rows, row) => rows.endedAtMs[row] ?? Number.NaN,
    ofStep: (row) => row.endedAtMs,
    ofOverlay: (overlay, index) => overlay.endedAtMs[index] ?? Number.NaN,
    format: (x) =>
      formatCount(x * 10) === formatCount(Math.round(x) * 10) ? formatCount(x) : formatTenths(x),
  },
  tokens: {
    title: t('tokens'),
    unit: 1,
    column: (rows, row) => rows.tokensUpTo[row] ?? Number.NaN,
    ofStep: (row) => row.tokensUpTo,
    ofOverlay: (overlay, index) => overlay.tokensUpTo[index] ?? Number.NaN,
    format: formatCompact,
  },
  cost: {
    title: t('US dollars'),
    unit: 1,
    column: (rows, row) => rows.usdUpTo[row] ?? Number.NaN,
    ofStep: (row) => row.usdUpTo,
    ofOverlay: (overlay, index) => overlay.usdUpTo[index] ?? Number.NaN,
    format: formatUsd,
  },
};

/**
 * Steps are counted from 1: the first is between 0, where the initial program is, and 1, where its numbers stand. Its candidates lie
 * between the two in their order.
 */
function stepAxis(rows: CandidateRows, facts: RowFacts, steps: readonly StepRow[]): Axis {
  // A step in work has not all of its candidates yet.
  const usual = Math.max(1, ...facts.steps.map((step) => step.count));
  const sizes = facts.steps.map(({ count }, step) =>
    step === facts.steps.length - 1 && steps[step]?.finished !== true ? Math.max(count, usual) : count,
  );
  return {
    name: 'step',
    title: t('step'),
    max: Math.max(5, steps.length, facts.steps.length),
    ofRow(row) {
      const step = rows.steps[row] ?? -1;
      return step < 0 ? 0 : step + ((facts.places[row] ?? 0) + 1) / (sizes[step] ?? 1);
    },
    ofStep: (step) => step + 1,
    ofOverlay: (overlay, index) => (overlay.steps[index] ?? Number.NaN) + 1,
    format: (x) => (Number.isInteger(x) ? formatCount(x) : ''),
  };
}

export function isAxisName(text: string): text is AxisName {
  return axisNames.some((name) => name === text);
}
