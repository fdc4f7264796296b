import type { Goal } from '../problem/problem';
import type { SessionSnapshot, StepSummary } from '../session/snapshot';
import { quantile } from '../session/stepStatistics';

export interface ValueRange {
  readonly low: number;
  readonly high: number;
}

/**
 * The values of a session that are worth a place in a chart: from the best value, or a reference just beyond it, to where the bulk of each
 * step ends on the worse side. What is worse by orders of magnitude does not count, and neither does a step that is bad as a whole.
 * `undefined` without a valid candidate.
 */
export function valueRange({
  steps,
  problem,
}: Pick<SessionSnapshot, 'steps' | 'problem'>): ValueRange | undefined {
  const goal: Goal = problem?.metric.goal ?? 'minimize';
  const sign = goal === 'minimize' ? 1 : -1;
  const summaries = steps.flatMap((step) => summaryOf(step, sign));
  if (summaries.length === 0) return undefined;
  const best = Math.min(...summaries.map((summary) => summary.best));
  const ends = summaries.map((summary) => summary.bulkEnd).sort((a, b) => a - b);
  const [q1, q3] = [quantile(ends, 0.25), quantile(ends, 0.75)];
  const fence = q3 + 3 * (q3 - q1);
  const worst = Math.max(best, ends.findLast((end) => end <= fence) ?? best);
  const reach = best - 0.15 * (worst - best);
  const beyond = (problem?.references ?? [])
    .map(({ value }) => sign * value)
    .filter((value) => value < best && value >= reach);
  const first = Math.min(best, ...beyond);
  return goal === 'minimize' ? { low: first, high: worst } : { low: -worst, high: -first };
}

/** Signed so that less is better: the best value, and the end of the bulk as a box plot's whisker has it. */
function summaryOf(step: StepSummary, sign: 1 | -1): { readonly best: number; readonly bulkEnd: number }[] {
  const { best, p25, p75, p5, p95 } = step;
  if (best === undefined || p25 === undefined || p75 === undefined) return [];
  const [quarterEnd, farEnd] = sign === 1 ? [p75, p95] : [-p25, p5 === undefined ? undefined : -p5];
  const whisker = quarterEnd + 1.5 * (p75 - p25);
  return [{ best: sign * best, bulkEnd: Math.min(whisker, farEnd ?? whisker) }];
}
