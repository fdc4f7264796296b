import { RenderingSettingsError } from './errors';

interface ContextLimits {
  /** What the server takes in one request, prompt and answer together. */
  readonly contextTokens: number;
  /** Left free at the end of the context. */
  readonly bufferTokens: number;
  /**
   * Rounds a budget down, to at least 1: SkyRL's JAX backend compiles anew for each different budget, see
   * `powerOfTwoAtMost`.
   */
  readonly roundBudget?: (tokens: number) => number;
}

/** One request an answer. */
export interface OnePhaseLimits extends ContextLimits {
  readonly kind: 'one-phase';
  /** Of an answer; what the context leaves may be less. */
  readonly answerTokens: number;
}

/** An answer that is still reasoning when the first phase ends is made to give its final answer in a second. */
export interface TwoPhaseLimits extends ContextLimits {
  readonly kind: 'two-phase';
  /** Of prompt and answer together, in the first phase. */
  readonly firstPhaseTokens: number;
}

export type SamplingLimits = OnePhaseLimits | TwoPhaseLimits;

/** Of TTT-Discover, for gpt-oss. */
export const defaultTwoPhaseLimits: TwoPhaseLimits = {
  kind: 'two-phase',
  contextTokens: 32_768,
  bufferTokens: 50,
  firstPhaseTokens: 26_000,
};

export function powerOfTwoAtMost(tokens: number): number {
  return 2 ** Math.floor(Math.log2(tokens));
}

/** Throws `RenderingSettingsError`. */
export function checkLimits(limits: SamplingLimits): void {
  const counts = {
    'context length': limits.contextTokens,
    ...(limits.kind === 'one-phase'
      ? { 'answer length': limits.answerTokens }
      : { 'first phase': limits.firstPhaseTokens }),
  };
  for (const [name, tokens] of Object.entries(counts)) {
    if (!Number.isSafeInteger(tokens) || tokens <= 0) {
      throw new RenderingSettingsError(`the ${name} must be a whole number of tokens, not ${tokens}`);
    }
  }
  if (!Number.isSafeInteger(limits.bufferTokens) || limits.bufferTokens < 0) {
    throw new RenderingSettingsError(
      `the buffer must be a whole number of tokens, not ${limits.bufferTokens}`,
    );
  }
  const mostTokens = limits.contextTokens - limits.bufferTokens;
  if (limits.kind === 'two-phase' && limits.firstPhaseTokens > mostTokens) {
    throw new RenderingSettingsError(
      `the first phase has ${limits.firstPhaseTokens} tokens, the context without its buffer ${mostTokens}`,
    );
  }
}
