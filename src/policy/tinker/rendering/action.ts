/** A stretch of an answer. */
export type ActionPart =
  | { readonly kind: 'sampled'; readonly tokens: readonly number[]; readonly logprobs: ArrayLike<number> }
  | { readonly kind: 'forced'; readonly tokens: readonly number[] };

/** One whole answer, as it is trained on: the ids that were sampled, never a re-encoded text, and those put in between. */
export interface Action {
  readonly tokens: readonly number[];
  /** One per token, in nats; 0 on forced tokens. */
  readonly logprobs: Float64Array;
  /** One per token: 1 if the policy chose it, 0 if it was forced. */
  readonly weights: Float64Array;
  /** `length`: the answer was cut. */
  readonly stopReason: 'stop' | 'length';
}

export function assembleAction(parts: readonly ActionPart[], stopReason: 'stop' | 'length'): Action {
  return {
    tokens: parts.flatMap(({ tokens }) => tokens),
    logprobs: Float64Array.from(
      parts.flatMap((part) =>
        part.kind === 'sampled' ? Array.from(part.logprobs) : part.tokens.map(() => 0),
      ),
    ),
    weights: Float64Array.from(
      parts.flatMap(({ kind, tokens }) => tokens.map(() => (kind === 'sampled' ? 1 : 0))),
    ),
    stopReason,
  };
}

/** The answer's advantage on every token that the policy chose, 0 on forced tokens. */
export function tokenAdvantages(action: Action, advantage: number): Float64Array {
  return action.weights.map((weight) => (weight === 0 ? 0 : advantage));
}
