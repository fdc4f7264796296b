import { costUsd, pricesInUse } from '../../domain/session/cost';
import type { SessionOptions } from '../../domain/session/options';
import type { SessionSnapshot } from '../../domain/session/snapshot';

export type SpentBudget = 'evaluations' | 'tokens' | 'cost' | 'no-improvement';

/**
 * The budget that is used up, if one is. It follows from the journal, so a resumed session finds the same. `running`: evaluations
 * that run now, of candidates and of parents; they count, so that no session has more than it may.
 */
export function spentBudget(
  options: SessionOptions,
  snapshot: SessionSnapshot,
  running: number,
): SpentBudget | undefined {
  const { maxEvaluations, maxTokens, maxCostUsd, patienceSteps } = options;
  const evaluations = snapshot.evaluated + (snapshot.parentRuns ?? 0) + running;
  if (maxEvaluations !== undefined && evaluations >= maxEvaluations) return 'evaluations';
  const { usage } = snapshot;
  if (maxTokens !== undefined) {
    const tokens = usage.promptTokens + usage.sampledTokens + usage.trainedTokens;
    if (tokens >= maxTokens) return 'tokens';
  }
  if (maxCostUsd !== undefined) {
    const prices = pricesInUse(options.model);
    if (prices !== undefined && costUsd(usage, prices) >= maxCostUsd) return 'cost';
  }
  if (patienceSteps !== undefined && stepsWithoutBetter(snapshot, patienceSteps) >= patienceSteps)
    return 'no-improvement';
  return undefined;
}

/** How many of the last finished steps brought no better candidate; counts to `most` at most. */
function stepsWithoutBetter({ steps, initial }: SessionSnapshot, most: number): number {
  let last = steps.length - 1;
  while (last >= 0 && steps[last]?.finished !== true) last -= 1;
  let count = 0;
  for (let step = last; step >= 0 && count < most; step--) {
    const before = step === 0 ? initial?.best : steps[step - 1]?.bestSoFar;
    if (steps[step]?.bestSoFar !== before) break;
    count += 1;
  }
  return count;
}
