import type { StepRow } from '../../src/protocol/dashboardMessages';
import type { Scene } from './scene';

/** What the session has taken, and what came of it. NaN and `undefined`: not known. */
export interface Spending {
  /** From the start to the last outcome. */
  readonly elapsedMs: number;
  /** Of the last finished steps. */
  readonly stepMs: number;
  /** Until the planned steps are done. */
  readonly remainingMs: number;
  /** All evaluations, as if one after the other. */
  readonly evaluationMs: number;
  readonly trainingMs: number;
  /** Share of the evaluators' time in which they worked, in the last step that says. */
  readonly evaluatorsBusy: number | undefined;
  readonly usd: number;
  /** Prompts, answers and training. */
  readonly tokens: number;
  readonly sinceBest: Amounts | undefined;
}

export interface Amounts {
  readonly candidates: number;
  readonly steps: number;
  readonly usd: number;
  /** Of prompts and answers. */
  readonly tokens: number;
  readonly ms: number;
}

/** So many finished steps say how long the next ones take. */
const usualSteps = 5;

export function spendingOf({ header, steps, rows, facts, improvements }: Scene): Spending {
  const last = rows.length - 1;
  // The end of a step has its update as well.
  const usd = Math.max(rows.usdUpTo[last] ?? Number.NaN, steps.at(-1)?.usdUpTo ?? Number.NEGATIVE_INFINITY);
  const tokens = rows.tokensUpTo[last] ?? 0;
  const elapsedMs = steps.findLast((row) => row.endedAtMs !== null)?.endedAtMs ?? 0;
  const finished = steps.filter((row) => row.finished).length;
  const stepMs = meanOf(
    steps
      .filter((row) => row.finished)
      .slice(-usualSteps)
      .map(workMs),
  );
  const planned = header.plannedSteps ?? Number.NaN;
  const best = improvements.at(-1);
  const isOver = header.status === 'finished' || header.status === 'failed';
  return {
    elapsedMs,
    stepMs,
    remainingMs: isOver ? Number.NaN : Math.max(0, planned - finished) * stepMs,
    evaluationMs: facts.steps.reduce((sum, step) => sum + step.evaluationMs, 0),
    trainingMs: steps.reduce((sum, row) => sum + (row.trainingMs ?? 0), 0),
    evaluatorsBusy: steps.findLast((row) => row.evaluatorsBusy !== null)?.evaluatorsBusy ?? undefined,
    usd,
    tokens: tokensOf(header) ?? tokens,
    sinceBest:
      best === undefined
        ? undefined
        : {
            candidates: last - best,
            steps: steps.length - 1 - (rows.steps[best] ?? 0),
            usd: usd - (rows.usdUpTo[best] ?? Number.NaN),
            tokens: tokens - (rows.tokensUpTo[best] ?? 0),
            ms: Math.max(0, elapsedMs - (rows.endedAtMs[best] ?? elapsedMs)),
          },
  };
}

function tokensOf({ usage }: Scene['header']): number | undefined {
  return usage === null ? undefined : usage.promptTokens + usage.sampledTokens + usage.trainedTokens;
}

/** Without pauses; NaN where it is not known. */
export function workMs({ samplingMs, evaluationMs, trainingMs }: StepRow): number {
  if (samplingMs === null && evaluationMs === null && trainingMs === null) return Number.NaN;
  return (samplingMs ?? 0) + (evaluationMs ?? 0) + (trainingMs ?? 0);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
