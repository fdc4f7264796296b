import { isBetter } from '../../../domain/problem/problem';
import type { SessionSnapshot } from '../../../domain/session/snapshot';
import { valueOf } from '../../sessions/sessionItems';

/**
 * The best candidate, if it has come since a review of another one began and is better than that one. What was best when the
 * review began is no news: they chose to look at another.
 */
export function betterCandidate(
  snapshot: Pick<SessionSnapshot, 'best' | 'candidates' | 'problem'>,
  reviewed: number,
  bestAtStart: number | undefined,
): number | undefined {
  const { best, problem } = snapshot;
  if (best === undefined || best === reviewed || best === bestAtStart) return undefined;
  const newValue = valueOf(snapshot, best);
  const value = valueOf(snapshot, reviewed);
  if (newValue === undefined) return undefined;
  const goal = problem?.metric.goal ?? 'minimize';
  return value === undefined || isBetter(goal, newValue, value) ? best : undefined;
}
