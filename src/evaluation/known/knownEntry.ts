import { createHash } from 'node:crypto';
import * as z from 'zod';
import { validOutcome } from '../../domain/session/outcome';
import type { EvaluationReport, EvaluationRequest } from '../evaluator';

/** Larger ones are not kept: a run costs less than what they take from all others. */
export const mostEntryBytes = 4 * 1024 ** 2;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** An evaluation that ended with a value, as it lies on a host for other sessions. */
export const knownEntry = z.object({
  format: z.literal('ttt-discover known evaluation'),
  version: z.literal(1),
  /** What it is an entry for; the same as in its path. */
  key: z.string(),
  identity: sha256,
  session: z.string().regex(/^[\w-]{1,64}$/),
  candidate: z.int().min(0),
  durationMs: z.number().nonnegative(),
  outcome: validOutcome,
  /** The construction, as the evaluator wrote it. */
  state: z.string().optional(),
  /** Artifacts in Base64, by their content. */
  blobs: z.record(sha256, z.string()),
});
export type KnownEntry = z.infer<typeof knownEntry>;

/** Words that name a file each. */
export interface EvaluationKeys {
  /** Of the program's text and the seed. */
  readonly whole: string;
  /** And of what it is compared with while it runs, on which the value of a run that was stopped depends. */
  readonly compared: string;
}

/** What tells evaluations of one identity apart. */
export function keysOf({ candidateText, seed, incumbent }: EvaluationRequest): EvaluationKeys {
  const whole = `${hash(candidateText)}-${seed}`;
  if (incumbent === undefined) return { whole, compared: whole };
  return { whole, compared: `${whole}-${hash(JSON.stringify(incumbent)).slice(0, 16)}` };
}

/**
 * Whether others may take it. Failures are not: time, memory and a busy or broken device fail programs that are right, inside evaluators too,
 * where nothing tells it from the program's own fault.
 */
export function isKnowable({ outcome, reusedFrom }: EvaluationReport): boolean {
  return outcome.kind === 'valid' && reusedFrom === undefined;
}

/** Whether construction and artifacts are those that the outcome names. */
export function isWhole({ outcome, state, blobs }: KnownEntry): boolean {
  const named = [...new Set(Object.values(outcome.artifacts ?? {}))];
  return (
    (state === undefined ? undefined : hash(state)) === outcome.stateSha256 &&
    named.every((address) => Object.hasOwn(blobs, address)) &&
    Object.entries(blobs).every(([address, content]) => hash(Buffer.from(content, 'base64')) === address)
  );
}

function hash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
