import { isBetter, type Goal } from '../problem/problem';
import type { CandidateList } from './snapshot';

/** Whether candidate `id` with its value comes before candidate `best`; among equals the earliest does. Without a goal nothing does. */
export function beats(
  goal: Goal | undefined,
  candidates: CandidateList,
  best: number | undefined,
  id: number,
  value: number,
): boolean {
  if (goal === undefined) return false;
  if (best === undefined) return true;
  const bestOutcome = candidates.at(best)?.outcome;
  if (bestOutcome?.kind !== 'valid') return true;
  return isBetter(goal, value, bestOutcome.value) || (value === bestOutcome.value && id < best);
}

/** The best of all that are valid. */
export function bestOf(goal: Goal | undefined, candidates: CandidateList): number | undefined {
  let best: number | undefined;
  for (const { id, outcome } of candidates) {
    if (outcome?.kind === 'valid' && beats(goal, candidates, best, id, outcome.value)) best = id;
  }
  return best;
}
