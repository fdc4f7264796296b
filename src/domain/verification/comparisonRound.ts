import * as z from 'zod';
import { caseResult, evaluationOutcome } from '../session/outcome';

/** One run of one of the two programs. */
export const comparisonRun = z.object({
  outcome: evaluationOutcome,
  durationMs: z.number(),
  /** In order, where the evaluator has cases. */
  cases: z.array(caseResult).optional(),
});
export type ComparisonRun = z.infer<typeof comparisonRun>;

/** Both programs on one seed, one right after the other. */
export const comparisonRound = z.object({
  seed: z.int().min(0),
  /** Which of them ran first. */
  first: z.enum(['a', 'b']),
  a: comparisonRun,
  b: comparisonRun,
});
export type ComparisonRound = z.infer<typeof comparisonRound>;

/** The order is A B, B A, A B, B A, …: what drifts slowly, such as a processor's heat, favours neither. */
export function firstOfRound(round: number): ComparisonRound['first'] {
  return round % 2 === 0 ? 'a' : 'b';
}
