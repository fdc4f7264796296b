import * as z from 'zod';
import { comparisonRound } from '../domain/verification/comparisonRound';
import { sessionId, sessionSpec } from './sessionSpec';

/** A construction that a session on the host keeps, for programs that go on from their parent's. */
export const startFrom = z.object({ sessionId, sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export type StartFrom = z.infer<typeof startFrom>;

/** Standard input of `ttt-discover evaluate --spec -`, gzip-compressed JSON. `candidateText` takes the place of the initial program. */
export const evaluateSpec = sessionSpec.extend({
  candidateText: z.string().optional(),
  startFrom: startFrom.optional(),
});
export type EvaluateSpec = z.infer<typeof evaluateSpec>;

/** The same with the problem that a session of the host began with: no file comes along, and none may have changed since. */
export const sessionEvaluateSpec = z.object({
  version: z.literal(1),
  ofSession: sessionId,
  overrides: sessionSpec.shape.overrides.pick({ isolation: true }),
  candidateText: z.string().optional(),
  startFrom: startFrom.optional(),
});
export type SessionEvaluateSpec = z.infer<typeof sessionEvaluateSpec>;

/** Standard input of `evaluate` and of `verify`. */
export const measureSpec = z.union([evaluateSpec, sessionEvaluateSpec]);
export type MeasureSpec = z.infer<typeof measureSpec>;

const program = z.object({
  /** What people call it: `c17`, `my file`. */
  label: z.string(),
  text: z.string(),
});

/** Standard input of `ttt-discover compare --spec -`, gzip-compressed JSON. */
export const compareSpec = z.object({
  /** Its `candidateText` is not used. */
  problem: measureSpec,
  a: program,
  b: program,
  rounds: z.int().min(2),
  /** What decides the seeds of the rounds; drawn on the host if absent, and in the reply. */
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .optional(),
  /** What was measured before contact was lost: the comparison goes on from there. */
  earlier: z.array(comparisonRound).optional(),
});
export type CompareSpec = z.infer<typeof compareSpec>;
