import type { Metric } from '../problem/problem';
import { isBetter } from '../problem/problem';
import { mean } from '../racing/pairedComparison';
import { studentTQuantile } from '../racing/studentT';
import type { EvaluationOutcome } from '../session/outcome';
import { isTimeUnit } from './scale';

export type VerificationVerdict = 'confirmed' | 'refuted' | 'unclear';

export interface Judgement {
  readonly verdict: VerificationVerdict;
  /**
   * `failed`: a run failed by its own fault. `limits`: a run ended by a limit or by the machine. `reached`: the new values are as good as
   * the recorded one, or scatter so much that it is one of them. `missed`: they are not. `drift`: they are a little slower, as the same
   * program is on another day. `alone`: one run, which says nothing of scatter. `valid`: nothing is recorded to compare with.
   */
  readonly why: 'failed' | 'limits' | 'reached' | 'missed' | 'drift' | 'alone' | 'valid';
  readonly recorded?: number;
  /** Of the new runs, in order. */
  readonly values: readonly number[];
}

/** A further run of the same program lies in the interval with this probability. */
const confidence = 0.99;
/** Times of the same program differ by so much between days, temperatures and neighbours. */
const usualDrift = 0.05;
const roundingError = 1e-9;

/**
 * What new runs with other seeds say about the value that was recorded for a program. `verdict`: whether they were valid. The recorded
 * value was the best of many, so it may lie at the good end of what the program scatters; only what lies outside is refuted.
 */
export function judgeVerification(
  verdict: VerificationVerdict,
  outcomes: readonly EvaluationOutcome[],
  recorded: number | undefined,
  { goal, unit }: Metric,
): Judgement {
  const values = outcomes.flatMap((outcome) => (outcome.kind === 'valid' ? [outcome.value] : []));
  const facts = { values, ...(recorded === undefined ? {} : { recorded }) };
  if (verdict === 'refuted') return { verdict, why: 'failed', ...facts };
  if (verdict === 'unclear' || values.length === 0) return { verdict: 'unclear', why: 'limits', ...facts };
  if (recorded === undefined) return { verdict: 'confirmed', why: 'valid', ...facts };
  const centre = mean(values);
  const slack = roundingError * Math.abs(recorded);
  const isReached =
    !isBetter(goal, recorded, centre) || Math.abs(recorded - centre) <= slack + halfWidth(values);
  if (isReached) return { verdict: 'confirmed', why: 'reached', ...facts };
  if (values.length === 1) return { verdict: 'unclear', why: 'alone', ...facts };
  if (isTimeUnit(unit) && Math.abs(centre - recorded) <= usualDrift * Math.abs(recorded))
    return { verdict: 'unclear', why: 'drift', ...facts };
  return { verdict: 'refuted', why: 'missed', ...facts };
}

/** Half of the interval about the mean that one more run lies in, by Student's t. */
function halfWidth(values: readonly number[]): number {
  const count = values.length;
  if (count < 2) return 0;
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (count - 1);
  return studentTQuantile(0.5 + confidence / 2, count - 1) * Math.sqrt(variance * (1 + 1 / count));
}
