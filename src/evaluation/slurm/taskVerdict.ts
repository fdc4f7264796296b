import type { Limits } from '../../domain/problem/problem';
import { defaultSlurm, type SlurmSettings } from '../../domain/problem/slurmSettings';
import type { FailedOutcome } from '../../domain/session/outcome';
import type { EvaluationReport } from '../evaluator';
import { bytesInWords, durationInWords } from '../quantityWords';
import { jobKey } from './jobRows';
import type { SlurmTask, TaskOutcome } from './slurmTask';
import type { TaskResult } from './taskFiles';

/** What the end of a job means for the candidate. */
export type TaskVerdict =
  | { readonly kind: 'reported'; readonly result: Extract<TaskResult, { kind: 'report' }> }
  /** The candidate's own failure. */
  | { readonly kind: 'failed'; readonly report: Pick<EvaluationReport, 'outcome' | 'durationMs'> }
  /** The cluster's: it is tried again, and where no try is left the session waits for someone. */
  | { readonly kind: 'again' | 'refused'; readonly message: string; readonly advice: string };

export interface VerdictContext {
  readonly limits: Limits;
  readonly settings: SlurmSettings;
  readonly isLastTry: boolean;
  /** What every node must see. */
  readonly shared: readonly string[];
}

export function verdictOf(
  task: Pick<SlurmTask, 'key' | 'attempt' | 'submitted'>,
  outcome: TaskOutcome,
  { limits, settings, isLastTry, shared }: VerdictContext,
): TaskVerdict {
  const name = nameOf(task);
  switch (outcome.kind) {
    case 'result': {
      const { result } = outcome;
      if (result.kind === 'report') return { kind: 'reported', result };
      const advice =
        result.advice ??
        'Look at that node, or let others do it with `slurm: { constraint: … }`; then resume the session.';
      return {
        kind: 'again',
        message: `${name} could not evaluate on ${result.node}: ${result.message}`,
        advice,
      };
    }
    case 'time': {
      const limitMs = limits.timeMs + (settings.extraTimeMs ?? defaultSlurm.extraTimeMs);
      return failed(
        'timeout',
        `Slurm ended its job, whose time limit is ${durationInWords(limitMs)}.`,
        outcome.ranMs,
      );
    }
    case 'memory':
      return failed(
        'memory-limit',
        `Slurm ended its job, which used more memory than ${bytesInWords(limits.memoryBytes)}.`,
        outcome.ranMs,
      );
    case 'lost':
      return {
        kind: 'again',
        message: `${name} was lost: ${outcome.words}.`,
        advice: 'Look at the nodes with `sinfo -R`; when they are well, resume the session.',
      };
    case 'silent':
      // It began each time, and each time ended before it could say how: that the program did.
      if (isLastTry && outcome.hasBegun)
        return failed('killed', `Its job ended without a result: ${outcome.words}`, 0);
      return {
        kind: 'again',
        message: `${name} ended without a result: ${outcome.words}.`,
        advice:
          `Look whether the nodes see ${shared.join(' and ')}, which must lie on folders that all nodes share ` +
          '(`--root` or TTT_DISCOVER_ROOT chooses another). Then resume the session.',
      };
    case 'cancelled':
      return {
        kind: 'refused',
        message: `${name} was cancelled, and not by this session: ${outcome.words}.`,
        advice: 'Resume the session to submit it again.',
      };
    case 'impossible':
      return {
        kind: 'refused',
        message: `${name} would wait in the queue for ever: ${outcome.words}.`,
        advice: 'Change `slurm:` or `limits:` in the problem file, and start a new session.',
      };
  }
}

function failed(reason: FailedOutcome['reason'], message: string, durationMs: number): TaskVerdict {
  return { kind: 'failed', report: { outcome: { kind: 'failed', reason, message }, durationMs } };
}

/** `Job 12_3 (c17, try 2)`. */
function nameOf({ key, attempt, submitted }: Pick<SlurmTask, 'key' | 'attempt' | 'submitted'>): string {
  const job = submitted === undefined ? 'A job' : `Job ${jobKey(submitted)}`;
  return `${job} (${key}${attempt === 1 ? '' : `, try ${attempt}`})`;
}
