import type { EvaluationOutcome } from './outcome';

/** What a session's evaluations took and spared, in milliseconds; first runs, second runs and runs of parents together. */
export interface EvaluationAccounts {
  /** Runs of the evaluator. */
  readonly runs: number;
  /** Of their commands. */
  readonly runMs: number;
  /** For an evaluator of this session to be free. */
  readonly waitedMs: number;
  /** In a queue that is not this session's: of a cluster, or for a device. */
  readonly queuedMs: number;
  /** Around the commands: folders, verdicts, the way to a cluster and back. */
  readonly aroundMs: number;
  /** What evaluators say of their own stages, by name: `correctness` of a metric `correctness_s`. A part of `runMs`. */
  readonly stagesMs: Readonly<Record<string, number>>;
  /** Outcomes that were taken from the same evaluation, made before. */
  readonly reused: number;
  /** What those runs had taken. */
  readonly reusedMs: number;
  /** Runs with a value that went on to their end. */
  readonly whole: number;
  readonly wholeMs: number;
  /** Runs that ended early, since they were clearly worse than what they were compared with. */
  readonly stopped: number;
  readonly stoppedMs: number;
  /** Runs that say whether a process was ready for them. */
  readonly startsTold: number;
  readonly warmStarts: number;
}

export const noAccounts: EvaluationAccounts = {
  ...{ runs: 0, runMs: 0, waitedMs: 0, queuedMs: 0, aroundMs: 0, stagesMs: {}, reused: 0, reusedMs: 0 },
  ...{ whole: 0, wholeMs: 0, stopped: 0, stoppedMs: 0 },
  ...{ startsTold: 0, warmStarts: 0 },
};

export interface EvaluationFacts {
  readonly outcome: EvaluationOutcome;
  readonly durationMs: number;
  readonly waitedMs?: number | undefined;
  readonly queuedMs?: number | undefined;
  readonly aroundMs?: number | undefined;
  readonly isWarm?: boolean | undefined;
  readonly reusedFrom?: { readonly durationMs: number } | undefined;
}

/** So many names at most: they come from evaluators. */
const mostStages = 20;

/** The accounts after one more outcome. `metric`: the problem's own, which is no stage whatever its name. */
export function accountsAfter(
  before: EvaluationAccounts,
  facts: EvaluationFacts,
  metric: string | undefined,
): EvaluationAccounts {
  const { outcome, durationMs, waitedMs = 0, queuedMs = 0, aroundMs = 0, isWarm, reusedFrom } = facts;
  if (outcome.kind === 'failed' && outcome.reason === 'no-program') return before;
  const waited = { ...before, waitedMs: before.waitedMs + waitedMs };
  if (reusedFrom !== undefined) {
    return {
      ...waited,
      reused: before.reused + 1,
      reusedMs: before.reusedMs + reusedFrom.durationMs,
    };
  }
  const ran = {
    ...waited,
    runs: before.runs + 1,
    runMs: before.runMs + durationMs,
    queuedMs: before.queuedMs + queuedMs,
    aroundMs: before.aroundMs + aroundMs,
    startsTold: before.startsTold + (isWarm === undefined ? 0 : 1),
    warmStarts: before.warmStarts + (isWarm === true ? 1 : 0),
  };
  if (outcome.kind === 'failed') return ran;
  const { metrics } = outcome;
  const isStopped = wasStopped(metrics, metric);
  return {
    ...ran,
    stagesMs: withStages(before.stagesMs, metrics, metric),
    whole: before.whole + (isStopped ? 0 : 1),
    wholeMs: before.wholeMs + (isStopped ? 0 : durationMs),
    stopped: before.stopped + (isStopped ? 1 : 0),
    stoppedMs: before.stoppedMs + (isStopped ? durationMs : 0),
  };
}

/**
 * Whether an evaluation ended early: it says so with `stopped`, or ran fewer cases (`cases_run`) than there are (`cases`). Its value is
 * an estimate.
 */
export function wasStopped(metrics: Readonly<Record<string, number>>, metric: string | undefined): boolean {
  const cases = own(metrics, 'cases', metric);
  const casesRun = own(metrics, 'cases_run', metric);
  if (cases !== undefined && casesRun !== undefined && casesRun < cases) return true;
  return flag(metrics, 'stopped', metric) === true;
}

/**
 * What stopping early spared, as an estimate: stopped runs would have taken as long as the whole ones on average. `undefined` where nothing was
 * stopped, or nothing went on to its end to compare with.
 */
export function savedByStoppingMs({
  stopped,
  stoppedMs,
  whole,
  wholeMs,
}: EvaluationAccounts): number | undefined {
  if (stopped === 0 || whole === 0) return undefined;
  return Math.max(0, (stopped * wholeMs) / whole - stoppedMs);
}

function withStages(
  before: EvaluationAccounts['stagesMs'],
  metrics: Readonly<Record<string, number>>,
  metric: string | undefined,
): EvaluationAccounts['stagesMs'] {
  let after: Record<string, number> | undefined;
  let count = Object.keys(before).length;
  for (const [name, seconds] of Object.entries(metrics)) {
    if (name === metric || !/^[A-Za-z][\w-]*_s$/.test(name) || !(seconds >= 0 && seconds < 1e9)) continue;
    const stage = name.slice(0, -2);
    after ??= { ...before };
    const known = Object.hasOwn(after, stage);
    if (!known && count >= mostStages) continue;
    if (!known) count += 1;
    after[stage] = (known ? (after[stage] ?? 0) : 0) + 1000 * seconds;
  }
  return after ?? before;
}

function flag(
  metrics: Readonly<Record<string, number>>,
  name: string,
  metric: string | undefined,
): boolean | undefined {
  const value = own(metrics, name, metric);
  return value === undefined ? undefined : value > 0;
}

function own(
  metrics: Readonly<Record<string, number>>,
  name: string,
  metric: string | undefined,
): number | undefined {
  return name !== metric && Object.hasOwn(metrics, name) ? metrics[name] : undefined;
}
