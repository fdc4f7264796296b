import type { SessionSnapshot } from '../session/snapshot';
import { stagesOf } from '../session/stepTimes';

/** What a session's time went to, in milliseconds; pauses are left out, and what was between two runners. */
export interface TimeUse {
  /** The session's own time: it worked. */
  readonly workedMs: number;
  /** The three stages of all steps. Where steps overlap, their sum is more than the time that passed. */
  readonly samplingMs: number;
  readonly evaluationMs: number;
  readonly trainingMs: number;
  /** Making ready, and the initial program. */
  readonly otherMs: number;
  /** Share of the time in which at least one evaluation ran. */
  readonly evaluatingShare: number;
  /** Share of the evaluators that worked, on average. */
  readonly evaluatorsBusy: number;
}

/** `undefined` before anything was evaluated. */
export function timeUse(snapshot: SessionSnapshot): TimeUse | undefined {
  const { clock, steps, initial, options } = snapshot;
  const workedMs = clock?.activeMs ?? 0;
  if (workedMs <= 0 || snapshot.evaluated === 0) return undefined;
  let [samplingMs, evaluationMs, trainingMs, busyMs] = [0, 0, 0, initial?.times?.evaluationMs ?? 0];
  for (const step of steps) {
    const stages = stagesOf(step);
    samplingMs += stages?.samplingMs ?? 0;
    evaluationMs += stages?.evaluationMs ?? 0;
    trainingMs += stages?.trainingMs ?? 0;
    busyMs += step.times?.evaluationMs ?? 0;
  }
  return {
    workedMs,
    samplingMs,
    evaluationMs,
    trainingMs,
    otherMs: Math.max(0, workedMs - samplingMs - evaluationMs - trainingMs),
    evaluatingShare: Math.min(1, evaluatingMs(snapshot) / workedMs),
    evaluatorsBusy: Math.min(1, busyMs / (workedMs * (options?.concurrency ?? 1))),
  };
}

/** The time that is covered by at least one first run of a candidate. */
function evaluatingMs({ candidates }: SessionSnapshot): number {
  const spans: { readonly from: number; readonly to: number }[] = [];
  for (const { endedAtMs, durationMs } of candidates) {
    if (endedAtMs === undefined || durationMs === undefined) continue;
    spans.push({ from: endedAtMs - durationMs, to: endedAtMs });
  }
  spans.sort((a, b) => a.from - b.from);
  let covered = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { from, to } of spans) {
    if (to <= until) continue;
    covered += to - Math.max(from, until);
    until = to;
  }
  return covered;
}
