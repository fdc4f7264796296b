/** How strongly a group's rewards should push each of its members, and the sharpness that was used. */
export interface EntropicAdvantages {
  /** One per reward, in the same order; at least -1, larger for larger rewards. */
  readonly advantages: number[];
  /** β, in units of 1 / reward. */
  readonly beta: number;
}

/** Below three members the leave-one-out normaliser is a single reward and the advantage has no bound. */
export const smallestGroup = 3;

export class GroupSizeError extends Error {
  override readonly name = 'GroupSizeError';
  constructor(readonly size: number) {
    super(
      `A group of ${size} has no entropic advantage: set groupSize to ${smallestGroup} or more in the problem's session.`,
    );
  }
}

/** A reward was NaN or infinite; the evaluation should have become a failure before. */
export class RewardError extends Error {
  override readonly name = 'RewardError';
  constructor(readonly reward: number) {
    super(`A reward of ${reward} cannot be learned from; failed evaluations need a finite failure reward.`);
  }
}

/** Information that the tilted distribution may hold about the uniform one, in nats: half of the group's mass moves. */
const targetDivergence = Math.LN2;
const bisections = 60;
/**
 * Largest β tried, for rewards scaled to a range of 1. There the smallest difference between two float64 near the top is
 * 2^-53, so at this β all that is not tied with the best has weight exp(-2^7) or less and a sharper tilt changes nothing.
 */
const largestScaledBeta = 2 ** 60;

/**
 * Advantages of one group under the entropic objective with its β chosen so that the tilted distribution
 * q ∝ exp(β r) is ln 2 away (KL) from uniform: A_i = exp(β r_i) / mean_{j≠i} exp(β r_j) − 1.
 *
 * Computed on rewards scaled to [−1, 0], hence independent of the unit and the zero of the reward, down to the last bits of
 * float64. If half of the group or more is tied at the top, ln 2 is out of reach and β stays at its cap. A group of equal
 * rewards has advantages 0 and β 0. Throws `GroupSizeError` below three rewards, `RewardError` if one is not finite.
 *
 * Source: arXiv 2601.16175 and its code; there in float32 with β ≤ 2^20, which loses differences below about 1e-6.
 */
export function adaptiveEntropicAdvantages(rewards: readonly number[]): EntropicAdvantages {
  checkGroup(rewards);
  const best = maximum(rewards);
  const worst = -maximum(rewards.map((reward) => -reward));
  if (best === worst) return { advantages: rewards.map(() => 0), beta: 0 };
  // Halved first, the range cannot overflow; not halved, the smallest numbers do not vanish.
  const half = Number.isFinite(best - worst) ? 1 : 0.5;
  const range = best * half - worst * half;
  const scaled = rewards.map((reward) => (reward * half - best * half) / range);
  const beta = sharpnessFor(scaled);
  return {
    advantages: leaveOneOut(scaled.map((gap) => Math.exp(beta * gap))),
    beta: Math.min((beta / range) * half, Number.MAX_VALUE),
  };
}

/**
 * Advantages with a fixed β ≥ 0. They depend on the reward's unit, and for a β that is large against the differences a lone
 * winner's advantage grows up to 1e12: prefer the adaptive form. Throws as the adaptive form.
 */
export function entropicAdvantages(rewards: readonly number[], beta: number): number[] {
  checkGroup(rewards);
  if (!(beta >= 0 && Number.isFinite(beta)))
    throw new RangeError(`beta must be finite and at least 0, not ${beta}`);
  const best = maximum(rewards);
  return leaveOneOut(rewards.map((reward) => Math.exp(-beta * Math.min(best - reward, Number.MAX_VALUE))));
}

/** Reward minus the group's mean, the expected-reward objective. Throws `RewardError` if a reward is not finite. */
export function meanBaselineAdvantages(rewards: readonly number[]): number[] {
  checkFinite(rewards);
  // Dividing first keeps the sum from overflowing; the clamp does it for the difference.
  const mean = rewards.reduce((sum, reward) => sum + reward / rewards.length, 0);
  return rewards.map((reward) => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, reward - mean)));
}

/**
 * Leaves out the groups whose rewards are all equal: they have nothing to teach. If that would leave none, the first one
 * stays, so that a step always has an update to count.
 */
export function dropConstantGroups<Group>(
  groups: readonly Group[],
  rewardsOf: (group: Group) => readonly number[],
): Group[] {
  const varied = groups.filter((group) => {
    const [first, ...rest] = rewardsOf(group);
    return rest.some((reward) => reward !== first);
  });
  return varied.length > 0 ? varied : groups.slice(0, 1);
}

/** β by doubling, then bisection, for rewards scaled to [−1, 0]. */
function sharpnessFor(scaled: readonly number[]): number {
  let [low, high] = [0, 1];
  while (high < largestScaledBeta && divergence(scaled, high) < targetDivergence) {
    low = high;
    high *= 2;
  }
  if (divergence(scaled, high) < targetDivergence) return high;
  for (let round = 0; round < bisections; round++) {
    const middle = (low + high) / 2;
    if (divergence(scaled, middle) < targetDivergence) low = middle;
    else high = middle;
  }
  return high;
}

/** KL(q ‖ uniform) of q ∝ exp(β x) for x ≤ 0 with maximum 0; nats. */
function divergence(scaled: readonly number[], beta: number): number {
  const weights = scaled.map((gap) => Math.exp(beta * gap));
  const sum = total(weights);
  const logCount = Math.log(scaled.length) - Math.log(sum);
  let result = 0;
  for (const [index, weight] of weights.entries()) {
    if (weight > 0) result += (weight / sum) * (beta * (scaled[index] ?? 0) + logCount);
  }
  return result;
}

/** e_i / mean of the others − 1; the 1e-12 is the reference code's. */
function leaveOneOut(weights: readonly number[]): number[] {
  const sum = total(weights);
  return weights.map((weight) => weight / ((sum - weight) / (weights.length - 1) + 1e-12) - 1);
}

function checkGroup(rewards: readonly number[]): void {
  if (rewards.length < smallestGroup) throw new GroupSizeError(rewards.length);
  checkFinite(rewards);
}

function checkFinite(rewards: readonly number[]): void {
  for (const reward of rewards) if (!Number.isFinite(reward)) throw new RewardError(reward);
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
