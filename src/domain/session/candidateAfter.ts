import type { SessionEvent } from './events';
import type { EvaluationOutcome } from './outcome';
import type { CandidateRecord } from './snapshot';

type Event<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

/** A candidate that was proposed at `atMs`, Unix milliseconds. */
export function proposedCandidate(event: Event<'candidate.proposed'>, atMs: number): CandidateRecord {
  const { candidate: id, step, group, member, parent, sha256, note, usage } = event;
  return {
    id,
    step,
    group,
    member,
    sha256,
    proposedAtMs: atMs,
    ...(parent === undefined ? {} : { parent }),
    ...(note === undefined ? {} : { note }),
    ...(usage === undefined ? {} : { usage }),
  };
}

/** The candidate with its outcome, which came at `atMs`, Unix milliseconds. */
export function evaluatedCandidate(
  before: CandidateRecord,
  { outcome, durationMs, reusedFrom }: Event<'candidate.evaluated'>,
  atMs: number,
): CandidateRecord {
  return {
    ...before,
    ...{ outcome, durationMs, endedAtMs: atMs },
    ...(reusedFrom === undefined ? {} : { reusedFrom }),
  };
}

/** The candidate, which had this value, after it was run again; a refuted one has failed. */
export function verifiedCandidate(
  before: CandidateRecord,
  value: number,
  { verdict, outcome, durationMs }: Event<'candidate.verified'>,
): CandidateRecord {
  const verification = {
    verdict,
    durationMs,
    ...(verdict === 'confirmed' && outcome.kind === 'valid' ? { value: outcome.value } : {}),
  };
  if (verdict !== 'refuted') return { ...before, verification };
  return { ...before, outcome: refutation(value, outcome), verification };
}

function refutation(value: number, again: EvaluationOutcome): EvaluationOutcome {
  const why = again.kind === 'failed' ? again.message : 'no reason is known.';
  const tail = again.kind === 'failed' ? again.outputTail : undefined;
  return {
    kind: 'failed',
    reason: 'refuted',
    message: `Had the value ${value}, and failed when it was run again with another seed: ${why}`,
    ...(tail === undefined ? {} : { outputTail: tail }),
  };
}
