/** What one token position of a training example is worth to each loss; see `TrainingDatum`. */
export type Floats = ArrayLike<number>;

/**
 * One sequence to learn from. All arrays have the length T of `inputTokens`; position i predicts `targetTokens[i]` from
 * `inputTokens[0..i]`.
 */
export interface TrainingDatum {
  readonly inputTokens: ArrayLike<number>;
  readonly targetTokens: ArrayLike<number>;
  /** 1 where the target was chosen by the policy, 0 on the prompt and on forced tokens; not negative, not all 0. */
  readonly weights: Floats;
  /** The sampler's log-probabilities of the targets; all losses but cross_entropy need them. */
  readonly logprobs?: Floats;
  /** 0 wherever the weight is 0; all losses but cross_entropy need them. */
  readonly advantages?: Floats;
}

export type Loss =
  | { readonly name: 'cross_entropy' | 'importance_sampling' }
  | {
      readonly name: 'ppo' | 'cispo';
      /** Bounds of the ratio of the probabilities, 0.8 and 1.2 by default. */
      readonly clip?: { readonly low: number; readonly high: number };
    };

export interface DatumOutput {
  /** The trainer's log-probabilities of the targets, in nats. */
  readonly logprobs: Float64Array;
  /** Absent on servers that do not report it. */
  readonly elementwiseLoss?: Float64Array;
}

/** One output per datum, in order. */
export interface ForwardResult {
  readonly outputs: readonly DatumOutput[];
  readonly metrics: Readonly<Record<string, number>>;
}

export interface AdamSettings {
  readonly learningRate: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly eps?: number;
  readonly weightDecay?: number;
  /** 0: no clipping. */
  readonly gradClipNorm?: number;
}

export interface LoraSettings {
  readonly rank: number;
  readonly seed?: number;
  readonly trainUnembed?: boolean;
  readonly trainMlp?: boolean;
  readonly trainAttention?: boolean;
}

/** SkyRL on its JAX backend reduces differently, and all SkyRL backends need the weights that hosted servers refuse with RL losses. */
export type ServerKind = 'skyrl' | 'hosted';

/** Tensors of one datum as they travel, by their names in the protocol. */
export function lossInputs(
  datum: TrainingDatum,
  loss: Loss,
  server: ServerKind,
): Record<string, { readonly dtype: 'int64' | 'float32'; readonly data: ArrayLike<number> }> {
  const sendsWeights = server === 'skyrl' || loss.name === 'cross_entropy';
  return {
    target_tokens: { dtype: 'int64', data: datum.targetTokens },
    ...(datum.logprobs && { logprobs: { dtype: 'float32', data: datum.logprobs } }),
    ...(datum.advantages && { advantages: { dtype: 'float32', data: datum.advantages } }),
    ...(sendsWeights && { weights: { dtype: 'float32', data: datum.weights } }),
  };
}

export function lossConfig(loss: Loss): Record<string, number> | undefined {
  return 'clip' in loss
    ? { clip_low_threshold: loss.clip.low, clip_high_threshold: loss.clip.high }
    : undefined;
}
