/** What the PUCT formula needs of one candidate. Scores are oriented so that higher is better. */
export interface PuctState {
  /** `undefined` for an initial candidate without a valid evaluation: it ranks last. */
  readonly score: number | undefined;
  readonly initial: boolean;
  /** n: visits of it and of its descendants. */
  readonly visits: number;
  /** m: best score of a direct child, which may be below the candidate's own. */
  readonly bestChildScore: number | undefined;
}

/**
 * The priority of each state, in the given order:
 *
 *     Q + c · scale · P · √(1 + T) / (1 + n)
 *
 * Q is `bestChildScore`, the state's own score where there is none; P = (N − rank) / Σ (N − rank) with rank 0 for the best,
 * equal scores ranked in the given order; T is `totalVisits`; scale is the range of scores among evolved states (among
 * initial ones while there are no others), at least 1e-6. Source: `ttt_discover/tinker_utils/sampler.py` of
 * test-time-training/discover.
 */
export function puctPriorities(
  states: readonly PuctState[],
  totalVisits: number,
  exploration: number,
): number[] {
  const scores = states.map((state) => state.score ?? Number.NEGATIVE_INFINITY);
  const order = [...states.keys()].sort((a, b) => descending(scores[a], scores[b]));
  const weightSum = (states.length * (states.length + 1)) / 2;
  const bonus = (exploration * scoreScale(states) * Math.sqrt(1 + totalVisits)) / weightSum;
  const priorities = new Array<number>(states.length);
  for (const [rank, index] of order.entries()) {
    const state = states[index];
    if (state === undefined) continue;
    const exploitation = state.bestChildScore ?? state.score ?? Number.NEGATIVE_INFINITY;
    priorities[index] = exploitation + (bonus * (states.length - rank)) / (1 + state.visits);
  }
  return priorities;
}

/** For sorting: the larger first. Right for infinities, where a difference would be NaN; `undefined` last. */
export function descending(a = Number.NEGATIVE_INFINITY, b = Number.NEGATIVE_INFINITY): number {
  if (a === b) return 0;
  return a > b ? -1 : 1;
}

function scoreScale(states: readonly PuctState[]): number {
  const evolved = states.filter((state) => !state.initial);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { score } of evolved.length > 0 ? evolved : states) {
    if (score === undefined) continue;
    least = Math.min(least, score);
    most = Math.max(most, score);
  }
  return Math.max(most - least, 1e-6);
}
