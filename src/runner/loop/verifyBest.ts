import { keyedSeed } from '../../domain/keyedRandom';
import { isBetter } from '../../domain/problem/problem';
import type { EvaluationOutcome, FailureReason } from '../../domain/session/outcome';
import type { SessionEvent } from '../../domain/session/events';
import type { CandidateRecord } from '../../domain/session/snapshot';
import type { CandidateFacts, LoopContext } from './candidateFacts';
import type { OpenStep } from './sessionRecord';
import type { SessionWriter } from './sessionWriter';
import { writeNode } from './writeNode';

/** Failures that a program owes to itself. The others come from limits and from the machine: they refute nothing. */
const refuting: ReadonlySet<FailureReason> = new Set([
  'invalid',
  'not-finite',
  'bad-result',
  'no-result',
  'crashed',
]);

export type VerificationVerdict = Extract<SessionEvent, { type: 'candidate.verified' }>['verdict'];

export function verdictOf(outcome: EvaluationOutcome): VerificationVerdict {
  if (outcome.kind === 'valid') return 'confirmed';
  return refuting.has(outcome.reason) ? 'refuted' : 'unclear';
}

/**
 * Runs the step's best candidate once more, from scratch, with a seed that no candidate was run with, if it beats all of the earlier
 * steps; and the next best where it is refuted. So what a step leaves as the best of the session does not owe it to its seed alone,
 * and a program that cheats by one is out before the archive and the policy learn from it. Ends early when `signal` is aborted.
 */
export async function verifyBest(
  step: OpenStep,
  context: LoopContext & {
    readonly facts: CandidateFacts;
    readonly writer: Pick<SessionWriter, 'append'>;
  },
  signal: AbortSignal,
): Promise<void> {
  const { facts, ports, frame, record } = context;
  while (!signal.aborted) {
    const candidate = unverifiedBest(step, context);
    if (candidate === undefined) return;
    const request = {
      id: `r${record.snapshot.runs}-v${candidate.id}`,
      lastingId: `v${candidate.id}`,
      candidateText: await facts.text(candidate),
      seed: keyedSeed(frame.options.seed, 'verification', candidate.id),
      strict: true,
      ...(candidate.parent === undefined ? {} : await facts.stateOf(candidate.parent)),
    };
    const report = await ports.evaluator.evaluate(request, signal).catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (report === undefined || (isAborted(signal) && report.outcome.kind === 'failed')) return;
    const { outcome, durationMs, queuedMs } = report;
    writeNode(context, report);
    context.writer.append({
      type: 'candidate.verified',
      candidate: candidate.id,
      verdict: verdictOf(outcome),
      outcome,
      durationMs,
      ...(queuedMs === undefined ? {} : { queuedMs }),
    });
    await report.forget?.();
  }
}

/** Asked anew: the compiler takes an earlier answer for the last. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The best of the step if it is better than everything before it and was not run again yet. */
function unverifiedBest(
  step: OpenStep,
  { facts, frame, record }: LoopContext & { readonly facts: CandidateFacts },
): CandidateRecord | undefined {
  const { goal } = frame.problem.metric;
  const { initial, steps } = record.snapshot;
  let least = step.step === 0 ? initial?.bestSoFar : steps[step.step - 1]?.bestSoFar;
  let best: CandidateRecord | undefined;
  for (const candidate of facts.stepRecords(step)) {
    if (candidate.outcome?.kind !== 'valid') continue;
    if (least !== undefined && !isBetter(goal, candidate.outcome.value, least)) continue;
    least = candidate.outcome.value;
    best = candidate;
  }
  return best?.verification === undefined ? best : undefined;
}
