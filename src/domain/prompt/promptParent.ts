import type { EvaluationOutcome } from '../session/outcome';
import type { PromptParent } from './buildPrompt';

/**
 * What a prompt says of a program and its run. `outcome` is absent while there is none; `before` is that of the program that it was made
 * from.
 */
export function promptParentOf(
  text: string,
  outcome: EvaluationOutcome | undefined,
  before?: EvaluationOutcome,
): PromptParent {
  const previous = before?.kind === 'valid' ? { previousValue: before.value } : {};
  if (outcome?.kind !== 'valid') {
    const feedback = outcome === undefined ? {} : { feedback: outcome.message };
    return { text, hasState: false, ...previous, ...feedback };
  }
  return {
    text,
    value: outcome.value,
    hasState: outcome.stateSha256 !== undefined,
    ...previous,
    ...(outcome.feedback === undefined ? {} : { feedback: outcome.feedback }),
  };
}
