import { isBetter } from '../problem/problem';
import { outcomeGroups, type OutcomeGroup } from '../session/outcomeGroup';
import type { SessionSnapshot } from '../session/snapshot';
import { valueOf, type ReportFacts } from './reportFacts';
import { band, levels, line, stepLine, svgChart, type Point } from './svgChart';
import { valueRange } from './valueRange';
import { countWords, shareWords, valueWords } from './words';

export const outcomeWords: Readonly<Record<OutcomeGroup, string>> = {
  running: 'Running',
  valid: 'Valid',
  invalid: 'Invalid',
  crashed: 'Crashed',
  timeout: 'Out of time',
  limit: 'Over a limit',
  'no-program': 'No program',
  'evaluator-error': 'Evaluator failed',
};

/** The best value so far by candidate, with references that are near. Empty without a valid candidate. */
export function bestChart(snapshot: SessionSnapshot): string {
  const { points, last } = bestPoints(snapshot);
  return pathChart(snapshot, points, last, 'Best {0} so far');
}

/**
 * The same from where nearly all of the improvement was made, at the scale of what came then. Empty where the whole chart shows it as
 * well.
 */
export function lateBestChart(snapshot: SessionSnapshot): string {
  const { points, last } = bestPoints(snapshot);
  const [first, end] = [points[0], points.at(-1)];
  if (first === undefined || end === undefined) return '';
  const whole = Math.abs(first.y - end.y);
  const from = points.findIndex(({ y }) => Math.abs(y - end.y) <= 0.05 * whole);
  const late = points.slice(from);
  if (late.length < 5 || (late[0]?.x ?? 0) > 0.8 * last) return '';
  return pathChart(snapshot, late, last, 'Best {0} so far, from c{1} on');
}

function bestPoints(snapshot: SessionSnapshot): { readonly points: readonly Point[]; readonly last: number } {
  const goal = snapshot.problem?.metric.goal ?? 'minimize';
  const points: Point[] = [];
  let last = 0;
  for (const candidate of snapshot.candidates) {
    last = candidate.id;
    const value = valueOf(candidate);
    const best = points.at(-1);
    if (value === undefined || (best !== undefined && !isBetter(goal, value, best.y))) continue;
    points.push({ x: candidate.id, y: value });
  }
  const best = points.at(-1);
  if (best !== undefined) points.push({ x: last, y: best.y });
  return { points, last };
}

function pathChart(snapshot: SessionSnapshot, points: readonly Point[], last: number, title: string): string {
  const metric = snapshot.problem?.metric;
  const [first, end] = [points[0], points.at(-1)];
  if (metric === undefined || first === undefined || end === undefined) return '';
  const ys = points.map(({ y }) => y);
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  // A reference just beyond the best has a place too.
  const reach = 0.25 * (high - low);
  const near = (snapshot.problem?.references ?? []).filter(
    ({ value }) => value >= low - reach && value <= high + reach,
  );
  const shown = [...ys, ...near.map(({ value }) => value)];
  return svgChart(
    {
      title: title.replace('{0}', metric.name).replace('{1}', String(first.x)),
      description: `From ${valueWords(first.y)} to ${valueWords(end.y)} after ${countWords(last + 1)} candidates.`,
      xTitle: 'Candidates',
      yTitle: axisTitle(metric),
      x: [first.x, Math.max(first.x + 1, last)],
      y: padded(Math.min(...shown), Math.max(...shown)),
    },
    (places) => levels(places, near) + stepLine(places, points, 'best'),
  );
}

/** How the values of each step are spread: 5 to 95 and 25 to 75 percent, the median, and the best so far. */
export function distributionChart(snapshot: SessionSnapshot): string {
  const metric = snapshot.problem?.metric;
  const range = valueRange(snapshot);
  if (metric === undefined || range === undefined) return '';
  const steps = snapshot.steps.map((step) => ({ ...step, x: step.step + 1 }));
  const quantiles = steps.flatMap(({ x, p5, p25, p75, p95 }) =>
    p5 === undefined || p25 === undefined || p75 === undefined || p95 === undefined
      ? []
      : [{ x, p5, p25, p75, p95 }],
  );
  const pointsOf = (name: 'median' | 'bestSoFar'): Point[] =>
    steps.flatMap((step) => (step[name] === undefined ? [] : [{ x: step.x, y: step[name] }]));
  return svgChart(
    {
      title: `Distribution of ${metric.name} by step`,
      description: `${steps.length} steps; the last median is ${valueWords(pointsOf('median').at(-1)?.y)}. Values beyond the axis are drawn at its edge.`,
      xTitle: 'Step',
      yTitle: axisTitle(metric),
      x: [1, Math.max(2, steps.length)],
      y: padded(range.low, range.high),
    },
    (places) =>
      [
        band(
          places,
          quantiles.map(({ x, p5, p95 }) => ({ x, low: p5, high: p95 })),
          'most',
        ),
        band(
          places,
          quantiles.map(({ x, p25, p75 }) => ({ x, low: p25, high: p75 })),
          'half',
        ),
        line(places, pointsOf('median'), 'median'),
        stepLine(places, pointsOf('bestSoFar'), 'best'),
      ].join(''),
  );
}

/** Which groups of outcomes a session has, in the order of the chart. */
export function shownOutcomes({ outcomes }: Pick<ReportFacts, 'outcomes'>): OutcomeGroup[] {
  return outcomeGroups.filter((group) => outcomes.some((step) => step[group] > 0));
}

/** The share of each outcome, step by step, one upon the other. */
export function outcomeChart(facts: ReportFacts): string {
  const groups = shownOutcomes(facts).sort((a, b) => Number(b === 'valid') - Number(a === 'valid'));
  const steps = facts.outcomes.flatMap((counts, step) => {
    const total = outcomeGroups.reduce((sum, group) => sum + counts[group], 0);
    return total === 0 ? [] : [{ x: step + 1, counts, total }];
  });
  if (steps.length === 0) return '';
  const shares = steps.map(({ x, counts, total }) => {
    let below = 0;
    return {
      x,
      bands: groups.map((group) => {
        const low = below;
        below += counts[group] / total;
        return { group, low, high: below };
      }),
    };
  });
  const last = shares.at(-1)?.bands.find(({ group }) => group === 'valid');
  const only = shares[0];
  const drawn = shares.length === 1 && only !== undefined ? [only, { ...only, x: only.x + 1 }] : shares;
  return svgChart(
    {
      title: 'Outcomes by step',
      description: `Share of each outcome; valid in the last step: ${shareWords((last?.high ?? 0) - (last?.low ?? 0))}.`,
      xTitle: 'Step',
      yTitle: 'Share of candidates',
      x: [1, Math.max(2, steps.length)],
      y: [0, 1],
      yWords: (share) => `${Math.round(100 * share)} %`,
    },
    (places) =>
      groups
        .map((group, index) =>
          band(
            places,
            drawn.map(({ x, bands }) => ({ x, low: bands[index]?.low ?? 0, high: bands[index]?.high ?? 0 })),
            `outcome ${group}`,
          ),
        )
        .join(''),
  );
}

function axisTitle({ name, unit }: { readonly name: string; readonly unit?: string | undefined }): string {
  return unit === undefined || unit === '' ? name : `${name} (${unit})`;
}

function padded(low: number, high: number): readonly [number, number] {
  const width = high > low ? high - low : Math.max(Math.abs(low), 1) * 1e-3;
  return [low - 0.04 * width, high + 0.04 * width];
}
