import type { EvaluationOutcome, FailureReason } from './outcome';

/** What became of a candidate, coarsely enough for a colour each. */
export const outcomeGroups = [
  'running',
  'valid',
  /** The evaluator, or a second run, found it wrong. */
  'invalid',
  'crashed',
  /** Out of time. */
  'timeout',
  /** Out of memory, output, processes or file size. */
  'limit',
  /** The policy's answer was no program. */
  'no-program',
  /** The evaluation itself went wrong. */
  'evaluator-error',
] as const;
export type OutcomeGroup = (typeof outcomeGroups)[number];

const groupOfReason: Readonly<Record<FailureReason, OutcomeGroup>> = {
  timeout: 'timeout',
  'memory-limit': 'limit',
  'output-limit': 'limit',
  'process-limit': 'limit',
  'file-size-limit': 'limit',
  crashed: 'crashed',
  killed: 'crashed',
  'not-finite': 'invalid',
  invalid: 'invalid',
  refuted: 'invalid',
  'no-program': 'no-program',
  'no-result': 'evaluator-error',
  'bad-result': 'evaluator-error',
  'could-not-start': 'evaluator-error',
};

/** The group of a candidate; without an outcome it still runs. */
export function outcomeGroupOf(outcome: EvaluationOutcome | undefined): OutcomeGroup {
  if (outcome === undefined) return 'running';
  return outcome.kind === 'valid' ? 'valid' : groupOfReason[outcome.reason];
}
