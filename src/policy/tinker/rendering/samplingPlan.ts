import type { SampledSequence } from '../client/checkResults';
import { assembleAction, type Action, type ActionPart } from './action';
import { PromptTooLongError, UnexpectedSampleError } from './errors';
import type { Renderer } from './renderer';
import { checkLimits, type SamplingLimits } from './samplingLimits';

/** What to sample next. Plain values: one first request serves a whole group, each of its samples goes on for itself. */
export interface SampleWanted {
  readonly kind: 'sample';
  readonly phase: 1 | 2;
  /** What to send: the prompt, in the second phase followed by the answer so far. */
  readonly tokens: readonly number[];
  readonly maxTokens: number;
  readonly promptTokens: number;
  /** The answer so far. */
  readonly parts: readonly ActionPart[];
}

export interface SamplingDone {
  readonly kind: 'done';
  readonly action: Action;
}

export type SamplingState = SampleWanted | SamplingDone;

type StopAndForce = Pick<Renderer, 'stopTokens' | 'forcedTokens'>;

/** Source: the two-phase completer of TTT-Discover. Throws `PromptTooLongError`, `RenderingSettingsError`. */
export function beginSampling(prompt: readonly number[], limits: SamplingLimits): SampleWanted {
  checkLimits(limits);
  const room = limits.contextTokens - limits.bufferTokens;
  const budget =
    limits.kind === 'one-phase'
      ? Math.min(limits.answerTokens, room - prompt.length)
      : limits.firstPhaseTokens - prompt.length;
  if (budget <= 0) {
    throw new PromptTooLongError(prompt.length, limits.kind === 'one-phase' ? room : limits.firstPhaseTokens);
  }
  const maxTokens = rounded(budget, limits);
  return { kind: 'sample', phase: 1, tokens: prompt, maxTokens, promptTokens: prompt.length, parts: [] };
}

/** Takes one sample of what was wanted. Throws `UnexpectedSampleError`. */
export function continueSampling(
  wanted: SampleWanted,
  sample: SampledSequence,
  renderer: StopAndForce,
  limits: SamplingLimits,
): SamplingState {
  checkSample(wanted, sample);
  const { tokens, logprobs } = sample;
  const sampled: ActionPart = { kind: 'sampled', tokens, logprobs };
  const parts = [...wanted.parts, sampled];
  const last = tokens.at(-1);
  const stopped = sample.stopReason === 'stop' || (last !== undefined && renderer.stopTokens.includes(last));
  const done = (): SamplingDone => ({
    kind: 'done',
    action: assembleAction(parts, stopped ? 'stop' : 'length'),
  });
  // Fewer tokens than asked for: the server ended the answer, and would end it again.
  if (stopped || tokens.length < wanted.maxTokens) return done();
  if (limits.kind === 'one-phase' || wanted.phase === 2) return done();

  const forced = renderer.forcedTokens(tokens);
  const budget =
    limits.contextTokens - limits.bufferTokens - wanted.promptTokens - tokens.length - forced.length;
  // Forced tokens that nothing follows would teach nothing.
  if (budget <= 0) return done();
  return {
    kind: 'sample',
    phase: 2,
    tokens: [...wanted.tokens, ...tokens, ...forced],
    maxTokens: rounded(budget, limits),
    promptTokens: wanted.promptTokens,
    parts: forced.length === 0 ? parts : [...parts, { kind: 'forced', tokens: forced }],
  };
}

function rounded(budgetTokens: number, { roundBudget }: SamplingLimits): number {
  if (!roundBudget) return budgetTokens;
  return Math.max(1, Math.min(budgetTokens, Math.floor(roundBudget(budgetTokens))));
}

function checkSample({ maxTokens }: SampleWanted, { tokens, logprobs }: SampledSequence): void {
  if (tokens.length > maxTokens) {
    throw new UnexpectedSampleError(`it has ${tokens.length} tokens, ${maxTokens} were asked for`);
  }
  if (logprobs.length !== tokens.length) {
    throw new UnexpectedSampleError(
      `it has ${logprobs.length} log-probabilities for ${tokens.length} tokens`,
    );
  }
}
