import { savedByStoppingMs } from '../session/evaluationAccounts';
import type { SessionSnapshot } from '../session/snapshot';

/** What a session's evaluations took, and what they were spared; times in milliseconds, as if one after the other. */
export interface EvaluationUse {
  readonly runs: number;
  /** All of it: the four parts together. */
  readonly totalMs: number;
  /** For a free evaluator of the session. */
  readonly waitedMs: number;
  /** In a cluster's queue, or for a device. */
  readonly queuedMs: number;
  /** Folders, verdicts, the way to a cluster and back. */
  readonly aroundMs: number;
  /** The evaluator's own. */
  readonly runMs: number;
  /** Parts of `runMs` that evaluators tell of, the longest first. */
  readonly stages: readonly { readonly name: string; readonly ms: number }[];
  /** Share of the host's GPUs that evaluations held, on average; absent where they use none or share them, or it is not known. */
  readonly gpusHeld?: number;
  /** Evaluations that ran on a GPU at once, on average, where several may share one: what they held follows from no sum of times. */
  readonly evaluationsPerGpu?: number;
  readonly gpus?: number;
  readonly reused: number;
  /** What the same evaluations had taken. */
  readonly reusedMs: number;
  readonly stopped: number;
  /** Estimated; absent where nothing was stopped, or nothing tells how long a whole run takes. */
  readonly savedMs?: number;
  /** Of the runs that say so, with a process that was ready. */
  readonly warm?: { readonly count: number; readonly of: number };
}

/** `undefined` before any evaluation. */
export function evaluationUse(snapshot: SessionSnapshot): EvaluationUse | undefined {
  const { accounts } = snapshot;
  if (accounts === undefined || accounts.runs + accounts.reused === 0) return undefined;
  const { runs, runMs, waitedMs, queuedMs, aroundMs, reused, reusedMs, stopped } = accounts;
  const savedMs = savedByStoppingMs(accounts);
  return {
    ...{ runs, runMs, waitedMs, queuedMs, aroundMs, reused, reusedMs, stopped },
    totalMs: waitedMs + queuedMs + aroundMs + runMs,
    stages: Object.entries(accounts.stagesMs)
      .map(([name, ms]) => ({ name, ms }))
      .sort((a, b) => b.ms - a.ms),
    ...gpuUse(snapshot, runMs),
    ...(savedMs === undefined ? {} : { savedMs }),
    ...(accounts.startsTold === 0 ? {} : { warm: { count: accounts.warmStarts, of: accounts.startsTold } }),
  };
}

function gpuUse(
  { machine, clock, options }: SessionSnapshot,
  runMs: number,
): Pick<EvaluationUse, 'gpus' | 'gpusHeld' | 'evaluationsPerGpu'> {
  const gpus = machine?.gpus?.length ?? 0;
  const workedMs = clock?.activeMs ?? 0;
  if (gpus === 0 || workedMs === 0) return {};
  const each = machine?.gpusEach ?? 1;
  const perGpu = (runMs * each) / (gpus * workedMs);
  const mayShare = (options?.concurrency ?? 1) * each > gpus;
  return mayShare ? { gpus, evaluationsPerGpu: perGpu } : { gpus, gpusHeld: Math.min(1, perGpu) };
}

/** `static_checks` as people write it: `static checks`. */
export function stageWords(name: string): string {
  return name.replaceAll('_', ' ');
}
