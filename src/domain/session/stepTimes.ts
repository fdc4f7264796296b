import type { StepSummary } from './snapshot';

/** How long a session has worked, as the journal's entries say: pauses are left out, and what was between two runners. */
export interface ActiveClock {
  readonly activeMs: number;
  readonly run: number;
  /** `m` of the last entry. */
  readonly lastM: number;
  readonly isPaused: boolean;
}

export const clockBefore: ActiveClock = { activeMs: 0, run: 0, lastM: 0, isPaused: false };

export function clockAfter(
  clock: ActiveClock,
  entry: { readonly m: number; readonly run: number; readonly event: { readonly type: string } },
): ActiveClock {
  const passedMs = entry.run === clock.run && !clock.isPaused ? Math.max(0, entry.m - clock.lastM) : 0;
  const { type } = entry.event;
  const isPaused = type === 'session.paused' || (clock.isPaused && type !== 'session.resumed');
  return { activeMs: clock.activeMs + passedMs, run: entry.run, lastM: entry.m, isPaused };
}

/** When things happened in a step, in milliseconds that the session had worked. */
export interface StepTimes {
  readonly startedMs: number;
  /** The last proposal so far. */
  readonly proposedMs?: number;
  /** The last outcome so far; a second run's too. */
  readonly outcomeMs?: number;
  readonly finishedMs?: number;
  /** All evaluations of the step together, second runs included. */
  readonly evaluationMs: number;
  /** Wall clock of the host when any of this happened last, Unix milliseconds. */
  readonly lastAtMs: number;
}

/** The times after something happened. `before` is absent where it is the first of its step. */
export function timesAfter(
  before: StepTimes | undefined,
  what: 'started' | 'proposed' | 'outcome' | 'finished',
  now: { readonly activeMs: number; readonly atMs: number; readonly evaluationMs?: number },
): StepTimes {
  const { activeMs, atMs: lastAtMs } = now;
  const times = before ?? { startedMs: activeMs, evaluationMs: 0 };
  const evaluationMs = times.evaluationMs + (now.evaluationMs ?? 0);
  switch (what) {
    case 'started':
      return { ...times, lastAtMs };
    case 'proposed':
      return { ...times, proposedMs: activeMs, lastAtMs };
    case 'outcome':
      return { ...times, outcomeMs: activeMs, evaluationMs, lastAtMs };
    case 'finished':
      return { ...times, finishedMs: activeMs, lastAtMs };
  }
}

/** What a step's time went to, in milliseconds. The three follow one another; evaluations that run while others are sampled are in the first. */
export interface StepStages {
  /** From the step's start to its last proposal. */
  readonly samplingMs: number;
  /** From there to the last outcome. */
  readonly evaluationMs: number;
  /** From there to the step's end: archive and training. 0 for a step that is not finished. */
  readonly trainingMs: number;
}

/** `undefined` where the journal says nothing of the step's start. */
export function stagesOf({ times }: Pick<StepSummary, 'times'>): StepStages | undefined {
  if (times === undefined) return undefined;
  const { startedMs, proposedMs = startedMs, outcomeMs = proposedMs, finishedMs } = times;
  const evaluatedMs = Math.max(proposedMs, outcomeMs);
  return {
    samplingMs: proposedMs - startedMs,
    evaluationMs: evaluatedMs - proposedMs,
    trainingMs: finishedMs === undefined ? 0 : Math.max(0, finishedMs - evaluatedMs),
  };
}

/**
 * Share of the evaluators' time in which they worked, from the step's start to its end or its last event: 1 where all did all the time.
 * `undefined` before any time has passed.
 */
export function evaluatorsBusy(
  { times }: Pick<StepSummary, 'times'>,
  evaluators: number | undefined,
): number | undefined {
  if (times === undefined || evaluators === undefined) return undefined;
  const { startedMs, proposedMs = startedMs, outcomeMs = proposedMs, finishedMs } = times;
  const passedMs = (finishedMs ?? Math.max(proposedMs, outcomeMs)) - startedMs;
  return passedMs > 0 ? Math.min(1, times.evaluationMs / (evaluators * passedMs)) : undefined;
}
