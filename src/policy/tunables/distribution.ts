import * as z from 'zod';
import type { Random } from '../../domain/random';
import type { ChoiceDomain, NumberDomain, TunableDomain, TunableValue } from './tunable';

/**
 * What was drawn for one tunable: the index of a choice, or the unit coordinate of a number. It is what the distribution learns
 * from, not the rounded value that went into the program.
 */
export type Draw = number;

/** A draw with the advantage of the rollout that it was part of. */
export interface ScoredDraw {
  readonly draw: Draw;
  readonly advantage: number;
}

export const distributionState = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('choice'), logits: z.array(z.number()).min(2) }),
  z.object({ kind: z.literal('number'), mean: z.number().min(0).max(1), sd: z.number().positive().max(1) }),
]);
export type DistributionState = z.infer<typeof distributionState>;

/**
 * A learned distribution over the values of one tunable.
 *
 * Learning is the policy gradient: the parameters move along the mean of advantage · ∇ log p(draw), with the step measured
 * in the distribution itself (natural gradient, Fisher information F), so that neither units nor the sharpness reached so far
 * set its size. The advantages A' used are those given, less their mean (a baseline, and it removes the normaliser of the truncated
 * Gaussian from the gradient) and divided by their mean absolute value. Every step is bounded.
 */
export interface TunableDistribution {
  sample(random: Random): Draw;
  /** A draw near the parent's value: numbers a part of the distribution's width away, choices any other one. Not to be learned from. */
  sampleNear(value: TunableValue, random: Random): Draw;
  /** The value that a draw stands for, as short as it can be written. */
  valueOf(draw: Draw): TunableValue;
  learn(draws: readonly ScoredDraw[]): void;
  state(): DistributionState;
}

/** The distribution of a tunable at the start of a session, around the program's own value. */
export function startDistribution(domain: TunableDomain, value: TunableValue): TunableDistribution {
  return domain.kind === 'choice'
    ? new ChoiceDistribution(domain, startLogits(domain, value))
    : new NumberDistribution(domain, unitOf(domain, value), startSd);
}

/** A saved distribution; `undefined` if the state does not fit the domain. */
export function restoreDistribution(
  domain: TunableDomain,
  state: DistributionState,
): TunableDistribution | undefined {
  if (domain.kind === 'choice' && state.kind === 'choice' && state.logits.length === domain.choices.length) {
    return new ChoiceDistribution(domain, state.logits);
  }
  if (domain.kind === 'number' && state.kind === 'number')
    return new NumberDistribution(domain, state.mean, state.sd);
  return undefined;
}

/** Weight that the current choice gets at the start on top of its even share. */
const startExtraWeight = 0.25;
const choiceRate = 0.7;
const largestLogitStep = 1;
/** No choice falls below this share of its even probability, so that a mistake can be undone. */
const smallestShare = 0.1;

/** Logits over choices. F makes the step of choice k: Σ A' over its draws, over their expected count (plus 1 for caution). */
class ChoiceDistribution implements TunableDistribution {
  private logits: readonly number[];

  constructor(
    private readonly domain: ChoiceDomain,
    logits: readonly number[],
  ) {
    this.logits = logits;
  }

  sample(random: Random): Draw {
    let rest = random.uniform();
    for (const [index, probability] of probabilities(this.logits).entries()) {
      rest -= probability;
      if (rest < 0) return index;
    }
    return this.logits.length - 1;
  }

  sampleNear(value: TunableValue, random: Random): Draw {
    const current = this.domain.choices.findIndex((choice) => choice.value === value);
    if (current === -1) return random.integer(this.domain.choices.length);
    const other = random.integer(this.domain.choices.length - 1);
    return other < current ? other : other + 1;
  }

  valueOf(draw: Draw): TunableValue {
    const choice = this.domain.choices[draw];
    if (choice === undefined) throw new RangeError(`there is no choice ${draw}`);
    return choice.value;
  }

  learn(draws: readonly ScoredDraw[]): void {
    const scaled = standardized(draws);
    if (scaled.length === 0) return;
    const stepped = probabilities(this.logits).map((probability, index) => {
      const sum = scaled.reduce((total, { draw, advantage }) => total + (draw === index ? advantage : 0), 0);
      return (
        (this.logits[index] ?? 0) +
        clamp((choiceRate * sum) / (scaled.length * probability + 1), largestLogitStep)
      );
    });
    const floor = smallestShare / stepped.length;
    this.logits = probabilities(stepped).map((probability) => Math.log(Math.max(floor, probability)));
  }

  state(): DistributionState {
    return { kind: 'choice', logits: [...this.logits] };
  }
}

const startSd = 0.25;
const smallestSd = 0.02;
const largestSd = 0.5;
const meanRate = 1;
const sdRate = 0.6;
/** Largest change of ln sd in one step. */
const largestSdStep = 0.3;
/** Width of a local change, in sd. */
const nearWidth = 0.5;
const significantDigits = 6;

/**
 * A Gaussian with mean μ and deviation σ over the unit coordinate u of the range (linear or logarithmic), truncated to [0, 1].
 * F = diag(1/σ², 2) for (μ, ln σ), so that Δμ = mean of A' (u − μ) and Δ ln σ = mean of A' ((u − μ)²/σ² − 1) / 2, times rates.
 */
class NumberDistribution implements TunableDistribution {
  constructor(
    private readonly domain: NumberDomain,
    private mean: number,
    private sd: number,
  ) {}

  sample(random: Random): Draw {
    return truncatedNormal(this.mean, this.sd, random);
  }

  sampleNear(value: TunableValue, random: Random): Draw {
    return truncatedNormal(unitOf(this.domain, value), this.sd * nearWidth, random);
  }

  valueOf(draw: Draw): TunableValue {
    const { low, high, scale, integer } = this.domain;
    const value = scale === 'log' ? low * (high / low) ** draw : low + (high - low) * draw;
    const short = integer ? Math.round(value) : Number(value.toPrecision(significantDigits));
    // Rounding may have left the range. Adding 0 turns -0 into 0.
    return Math.min(high, Math.max(low, short)) + 0;
  }

  learn(draws: readonly ScoredDraw[]): void {
    const scaled = standardized(draws);
    if (scaled.length === 0) return;
    let [meanStep, sdStep] = [0, 0];
    for (const { draw, advantage } of scaled) {
      const distance = draw - this.mean;
      meanStep += (advantage * distance) / scaled.length;
      sdStep += (advantage * ((distance / this.sd) ** 2 - 1)) / 2 / scaled.length;
    }
    this.mean = Math.min(1, Math.max(0, this.mean + clamp(meanRate * meanStep, this.sd)));
    const sd = this.sd * Math.exp(clamp(sdRate * sdStep, largestSdStep));
    this.sd = Math.min(largestSd, Math.max(smallestSdOf(this.domain), sd));
  }

  state(): DistributionState {
    return { kind: 'number', mean: this.mean, sd: this.sd };
  }
}

/** Shannon entropy of a choice, in nats. */
export function choiceEntropy(logits: readonly number[]): number {
  return probabilities(logits).reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
}

/** For whole numbers wide enough that the neighbours stay in reach. */
function smallestSdOf(domain: NumberDomain): number {
  if (!domain.integer || domain.scale === 'log') return smallestSd;
  return Math.min(startSd, Math.max(smallestSd, 0.4 / (domain.high - domain.low)));
}

function startLogits(domain: ChoiceDomain, value: TunableValue): number[] {
  const even = (1 - startExtraWeight) / domain.choices.length;
  return domain.choices.map((choice) => Math.log(even + (choice.value === value ? startExtraWeight : 0)));
}

/** Where a value lies in its range, 0 to 1. */
function unitOf(domain: NumberDomain, value: TunableValue): number {
  if (typeof value !== 'number') throw new TypeError(`a number was expected, not ${String(value)}`);
  const { low, high, scale } = domain;
  const unit = scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.min(1, Math.max(0, unit));
}

/** By rejection; `mean` in [0, 1] keeps the odds of a hit near one half or better. */
function truncatedNormal(mean: number, sd: number, random: Random): number {
  for (let attempt = 0; attempt < 100; attempt++) {
    const draw = mean + sd * random.normal();
    if (draw >= 0 && draw <= 1) return draw;
  }
  return mean;
}

/** Advantages with mean 0 and mean absolute value 1; nothing where they are all equal. */
function standardized(draws: readonly ScoredDraw[]): ScoredDraw[] {
  if (draws.length < 2) return [];
  const mean = draws.reduce((sum, { advantage }) => sum + advantage / draws.length, 0);
  const spread = draws.reduce((sum, { advantage }) => sum + Math.abs(advantage - mean) / draws.length, 0);
  if (!(spread > 1e-12) || !Number.isFinite(spread)) return [];
  return draws.map(({ draw, advantage }) => ({ draw, advantage: (advantage - mean) / spread }));
}

function probabilities(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

function clamp(value: number, bound: number): number {
  return Math.max(-bound, Math.min(bound, value));
}
