import { TinkerUsageError } from './errors';
import type { Loss, TrainingDatum } from './training';

/**
 * Refuses what servers accept and then get silently wrong: an empty batch (never completes), arrays of unequal length (cut), numbers
 * that are not finite, weights that are negative or all zero (divided by).
 *
 * Throws `TinkerUsageError`.
 */
export function checkTraining(data: readonly TrainingDatum[], loss: Loss): void {
  if (data.length === 0) refuse('There is nothing to train on: the batch is empty.');
  for (const [index, datum] of data.entries()) checkDatum(`Datum ${index}`, datum, loss);
}

function checkDatum(name: string, datum: TrainingDatum, loss: Loss): void {
  const length = datum.inputTokens.length;
  if (length === 0) refuse(`${name} has no tokens.`);
  checkTokens(`${name}: inputTokens`, datum.inputTokens);
  checkTokens(`${name}: targetTokens`, datum.targetTokens);
  const arrays: Record<string, ArrayLike<number> | undefined> = {
    targetTokens: datum.targetTokens,
    weights: datum.weights,
    logprobs: datum.logprobs,
    advantages: datum.advantages,
  };
  for (const [key, values] of Object.entries(arrays)) {
    if (values === undefined) {
      if (loss.name !== 'cross_entropy') refuse(`${name} lacks ${key}, which ${loss.name} needs.`);
      continue;
    }
    if (values.length !== length) {
      refuse(`${name}: ${key} has ${values.length} values for ${length} tokens.`);
    }
    const bad = Array.prototype.findIndex.call(values, (value: number) => !Number.isFinite(value));
    if (bad >= 0) refuse(`${name}: ${key}[${bad}] is not a finite number.`);
  }
  checkWeights(name, datum);
}

function checkWeights(name: string, { weights, advantages }: TrainingDatum): void {
  let sum = 0;
  for (let index = 0; index < weights.length; index += 1) {
    const weight = weights[index] ?? 0;
    if (weight < 0) refuse(`${name}: weights[${index}] is negative.`);
    if (weight === 0 && advantages && (advantages[index] ?? 0) !== 0) {
      refuse(`${name}: advantages[${index}] is not 0 where the weight is 0.`);
    }
    sum += weight;
  }
  if (sum < 1e-6) refuse(`${name}: all weights are 0.`);
}

const largestToken = 2 ** 31 - 1;

export function checkTokens(name: string, tokens: ArrayLike<number>): void {
  const bad = Array.prototype.findIndex.call(
    tokens,
    (token: number) => !Number.isInteger(token) || token < 0 || token > largestToken,
  );
  if (bad >= 0) refuse(`${name}[${bad}] is not a token id.`);
}

function refuse(problem: string): never {
  throw new TinkerUsageError(problem, 'Leave it out of the batch or correct it.');
}
