/**
 * A bigram language model: the next token's distribution is a softmax of one row of a table, chosen by the token before. Small, but
 * its log-probabilities and gradients are exact. An adapter is a second table, all zero at first, that is added to the base's.
 */

export type Table = readonly Float64Array[];

export interface Adapter {
  readonly delta: Table;
  readonly gradient: Table;
  readonly moment1: Table;
  readonly moment2: Table;
  steps: number;
  /** Datums since the last step, for the mean over sequences. */
  datums: number;
}

export interface ToyDatum {
  readonly input: readonly number[];
  readonly targets: readonly number[];
  readonly weights: readonly number[];
  readonly logprobs?: readonly number[] | undefined;
  readonly advantages?: readonly number[] | undefined;
}

/** Mean of each sequence by its weights, then over sequences (JAX); or the sum over tokens (hosted). */
export type Reduction = 'mean' | 'sum';

const zeros = (vocabulary: number): Float64Array[] =>
  Array.from({ length: vocabulary }, () => new Float64Array(vocabulary));

/** Mildly uneven, the same for a seed. */
export function baseTable(vocabulary: number, uniform: () => number): Table {
  return zeros(vocabulary).map((row) => row.map(() => uniform() - 0.5));
}

export function freshAdapter(vocabulary: number): Adapter {
  return {
    delta: zeros(vocabulary),
    gradient: zeros(vocabulary),
    moment1: zeros(vocabulary),
    moment2: zeros(vocabulary),
    steps: 0,
    datums: 0,
  };
}

export function copyTable(table: Table): Table {
  return table.map((row) => row.slice());
}

export function copyAdapter(adapter: Adapter): Adapter {
  const { delta, gradient, moment1, moment2, steps, datums } = adapter;
  return {
    delta: copyTable(delta),
    gradient: copyTable(gradient),
    moment1: copyTable(moment1),
    moment2: copyTable(moment2),
    steps,
    datums,
  };
}

/** Log-probabilities of all tokens after `previous`; all NaN for a token outside the vocabulary. */
export function nextLogprobs(base: Table, delta: Table | undefined, previous: number): Float64Array {
  const logits = (base[previous] ?? new Float64Array(base.length).fill(NaN)).map(
    (logit, token) => logit + (delta?.[previous]?.[token] ?? 0),
  );
  const top = Math.max(...logits);
  const norm = top + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - top), 0));
  return logits.map((logit) => logit - norm);
}

/** NaN for a target outside the vocabulary, as real servers have it. */
export function logprobsOf(base: Table, delta: Table | undefined, datum: ToyDatum): number[] {
  return datum.targets.map((target, at) => nextLogprobs(base, delta, datum.input[at] ?? -1)[target] ?? NaN);
}

export interface DatumLoss {
  readonly logprobs: number[];
  readonly elementwiseLoss: number[];
}

/** The loss of one datum; with `train` its gradient is added to the adapter's. */
export function forwardBackward(
  base: Table,
  adapter: Adapter,
  datum: ToyDatum,
  loss: string,
  reduction: Reduction,
  train: boolean,
): DatumLoss {
  const logprobs = logprobsOf(base, adapter.delta, datum);
  const weightSum = datum.weights.reduce((a, b) => a + b, 0);
  const scale = reduction === 'mean' ? 1 / Math.max(weightSum, 1e-9) : 1;
  const elementwiseLoss = logprobs.map((logprob, at) => {
    const weight = datum.weights[at] ?? 0;
    const { value, slope } = tokenLoss(loss, logprob, datum.logprobs?.[at] ?? 0, datum.advantages?.[at] ?? 0);
    if (train && weight !== 0 && Number.isFinite(slope)) {
      const previous = datum.input[at] ?? 0;
      const row = adapter.gradient[previous];
      nextLogprobs(base, adapter.delta, previous).forEach((other, token) => {
        const towards = (token === datum.targets[at] ? 1 : 0) - Math.exp(other);
        if (row) row[token] = (row[token] ?? 0) + slope * weight * scale * towards;
      });
    }
    return value * weight;
  });
  if (train) adapter.datums += 1;
  return { logprobs, elementwiseLoss };
}

/** The loss of one token, and its derivative by the token's log-probability. */
function tokenLoss(loss: string, logprob: number, sampled: number, advantage: number) {
  if (loss === 'cross_entropy') return { value: -logprob, slope: -1 };
  const ratio = Math.exp(logprob - sampled);
  if (loss === 'importance_sampling') return { value: -ratio * advantage, slope: -ratio * advantage };
  const clipped = Math.min(Math.max(ratio, 0.8), 1.2);
  if (loss === 'cispo') return { value: -clipped * logprob * advantage, slope: -clipped * advantage };
  const value = -Math.min(ratio * advantage, clipped * advantage);
  return { value, slope: ratio * advantage <= clipped * advantage ? -ratio * advantage : 0 };
}

export interface Adam {
  readonly learning_rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weight_decay: number;
}

/** One step of AdamW; gives the norm of the gradient that was applied. */
export function optimStep(adapter: Adapter, adam: Adam, reduction: Reduction): number {
  adapter.steps += 1;
  const share = reduction === 'mean' ? 1 / Math.max(adapter.datums, 1) : 1;
  let squares = 0;
  adapter.delta.forEach((row, from) => {
    const gradient = adapter.gradient[from] ?? row;
    const moment1 = adapter.moment1[from] ?? row;
    const moment2 = adapter.moment2[from] ?? row;
    row.forEach((value, to) => {
      const slope = (gradient[to] ?? 0) * share;
      squares += slope * slope;
      moment1[to] = adam.beta1 * (moment1[to] ?? 0) + (1 - adam.beta1) * slope;
      moment2[to] = adam.beta2 * (moment2[to] ?? 0) + (1 - adam.beta2) * slope * slope;
      const mean = moment1[to] / (1 - adam.beta1 ** adapter.steps);
      const variance = moment2[to] / (1 - adam.beta2 ** adapter.steps);
      const step = mean / (Math.sqrt(variance) + adam.eps) + adam.weight_decay * value;
      row[to] = value - adam.learning_rate * step;
    });
    gradient.fill(0);
  });
  adapter.datums = 0;
  return Math.sqrt(squares);
}

/** Draws tokens until a stop token (which is kept) or the limit. Log-probabilities are those of temperature 1. */
export function sample(
  base: Table,
  delta: Table | undefined,
  lastToken: number,
  settings: { maxTokens: number; temperature: number; stop: readonly number[] },
  uniform: () => number,
): { tokens: number[]; logprobs: number[]; stopped: boolean } {
  const tokens: number[] = [];
  const logprobs: number[] = [];
  let previous = lastToken;
  while (tokens.length < settings.maxTokens) {
    const all = nextLogprobs(base, delta, previous);
    const token = draw(all, settings.temperature, uniform());
    tokens.push(token);
    logprobs.push(all[token] ?? NaN);
    if (settings.stop.includes(token)) return { tokens, logprobs, stopped: true };
    previous = token;
  }
  return { tokens, logprobs, stopped: false };
}

function draw(logprobs: Float64Array, temperature: number, uniform: number): number {
  if (temperature === 0) return logprobs.indexOf(Math.max(...logprobs));
  const top = Math.max(...logprobs);
  const masses = logprobs.map((logprob) => Math.exp((logprob - top) / temperature));
  let left = uniform * masses.reduce((a, b) => a + b, 0);
  const found = masses.findIndex((mass) => (left -= mass) < 0);
  return found < 0 ? logprobs.length - 1 : found;
}

/** Uniform numbers in [0, 1) of a seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
