import * as z from 'zod';

/** Why an evaluation gave no value. Each has its own sentence in docs/evaluators.md. */
export const failureReasons = [
  'timeout',
  'memory-limit',
  'output-limit',
  'process-limit',
  'file-size-limit',
  'crashed',
  'killed',
  'no-result',
  'bad-result',
  'not-finite',
  'invalid',
  /** It had a value, and failed when it was run again with another seed. */
  'refuted',
  'could-not-start',
  /** The policy gave no program, so nothing was run. */
  'no-program',
] as const;
export type FailureReason = (typeof failureReasons)[number];

export const caseVerdicts = ['passed', 'failed', 'skipped'] as const;

/** One case, seed or shape of an evaluation, for people; the reward does not come from here. */
export const caseResult = z.object({
  /** Unique in the evaluation: `test 3`, `seed 17`. */
  name: z.string(),
  verdict: z.enum(caseVerdicts),
  /** In `unit`: microseconds of a shape, points of a seed. */
  value: z.number().optional(),
  unit: z.string().optional(),
  /** How long the program ran, where that was measured. */
  durationMs: z.number().nonnegative().optional(),
  /** What went wrong, or what else is worth knowing. */
  message: z.string().optional(),
});
export type CaseResult = z.infer<typeof caseResult>;

export const validOutcome = z.object({
  kind: z.literal('valid'),
  metrics: z.record(z.string(), z.number()),
  /** The problem's metric, in its own unit and direction. */
  value: z.number(),
  /** The number that is maximised. */
  reward: z.number(),
  /** The evaluator's words for the next prompt. */
  feedback: z.string().optional(),
  /** Content address of the construction that the run produced, if any. */
  stateSha256: z.string().optional(),
  /** Name to content address of files that the evaluator offered. */
  artifacts: z.record(z.string(), z.string()).optional(),
});

export const failedOutcome = z.object({
  kind: z.literal('failed'),
  reason: z.enum(failureReasons),
  /** One sentence for people: what happened, with the limit or value in question. */
  message: z.string(),
  /** The last part of the run's output. */
  outputTail: z.string().optional(),
});

export const evaluationOutcome = z.discriminatedUnion('kind', [validOutcome, failedOutcome]);
export type ValidOutcome = z.infer<typeof validOutcome>;
export type FailedOutcome = z.infer<typeof failedOutcome>;
export type EvaluationOutcome = z.infer<typeof evaluationOutcome>;
