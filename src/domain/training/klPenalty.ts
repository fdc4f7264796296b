/** One sequence that was sampled; all arrays have an entry for each token behind the prompt. */
export interface ScoredTokens {
  /** False for forced tokens, which the model did not choose. */
  readonly sampled: readonly boolean[];
  readonly advantages: readonly number[];
  /** Log-probability when it was sampled, at temperature 1; nats. Not read where the token was forced. */
  readonly samplingLogprobs: readonly number[];
  /** Log-probability under the base model, without the adapter; nats. Not read where the token was forced. */
  readonly baseLogprobs: readonly number[];
}

export interface PenalizedAdvantages {
  /** In the order and shape of the input; 0 at forced tokens. */
  readonly advantages: readonly (readonly number[])[];
  /** Mean of log p_sample − log p_base over the batch's sampled tokens, nats: an estimate of the KL divergence from the base. */
  readonly meanGap: number;
}

/** Numbers about tokens that cannot be learned from; the server's answer is at fault. */
export class TokenScoresError extends Error {
  override readonly name = 'TokenScoresError';
  readonly advice = 'Look at the model server: it scored a sequence wrongly. Resume to sample the step anew.';
}

/** A rollout's advantage for each of its tokens: 0 for forced ones, which therefore have no weight in the loss. */
export function tokenAdvantages(advantage: number, sampled: readonly boolean[]): readonly number[] {
  return sampled.map((own) => (own ? advantage : 0));
}

/**
 * Advantages with the KL penalty, batch-centred: with d = log p_sample − log p_base and d̄ its mean over all sampled tokens of
 * the batch, A ← A + coefficient · (d̄ − d). Forced tokens get 0. The penalties of a batch add up to 0, and a
 * constant added to all base log-probabilities changes nothing.
 *
 * Throws `TokenScoresError` if arrays of a sequence differ in length, or a number that is needed is not finite.
 *
 * Source: discover's `incorporate_kl_penalty`; there the forced tokens keep their advantage.
 */
export function penalizeDivergence(
  sequences: readonly ScoredTokens[],
  coefficient: number,
): PenalizedAdvantages {
  if (!(coefficient >= 0 && Number.isFinite(coefficient))) {
    throw new RangeError(`The KL coefficient must be finite and at least 0, not ${coefficient}.`);
  }
  const gaps = sequences.map((sequence, index) => gapsOf(sequence, index));
  const own = sequences.flatMap(({ sampled }, index) =>
    (gaps[index] ?? []).filter((_, token) => sampled[token] === true),
  );
  // Dividing first keeps the sum from overflowing.
  const meanGap = own.reduce((sum, gap) => sum + gap / own.length, 0);
  const advantages = sequences.map(({ sampled, advantages: given }, index) =>
    sampled.map((isOwn, token) => {
      if (!isOwn) return 0;
      const penalty = finite(coefficient * finite(meanGap - (gaps[index]?.[token] ?? 0)));
      return finite((given[token] ?? 0) + penalty);
    }),
  );
  return { advantages, meanGap };
}

/** 0 at forced tokens. */
function gapsOf(
  { sampled, advantages, samplingLogprobs, baseLogprobs }: ScoredTokens,
  index: number,
): number[] {
  for (const [what, values] of Object.entries({ advantages, samplingLogprobs, baseLogprobs })) {
    if (values.length !== sampled.length) {
      throw new TokenScoresError(
        `Sequence ${index} has ${sampled.length} tokens but ${values.length} ${what}.`,
      );
    }
    const wrong = values.findIndex((value, token) => sampled[token] === true && !Number.isFinite(value));
    if (wrong >= 0) {
      throw new TokenScoresError(
        `Sequence ${index} has ${String(values[wrong])} among its ${what}, at token ${wrong} behind the prompt.`,
      );
    }
  }
  return sampled.map((own, token) =>
    own ? finite((samplingLogprobs[token] ?? 0) - (baseLogprobs[token] ?? 0)) : 0,
  );
}

/** Keeps an overflow of finite numbers finite. */
function finite(value: number): number {
  return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));
}
