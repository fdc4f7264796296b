import type { ChatTokenizer } from './chatTokenizer';

export interface PromptText {
  /** Instructions of the method; they may hold any text. */
  readonly system?: string;
  readonly user: string;
}

/** What is wrong with the form of an answer. None is an error: such an answer may still hold a program, and is trained on. */
export type FormatProblem =
  /** The sampling ended before the answer did. */
  | 'no-stop-token'
  /** Tokens follow the stop token; they are left out. */
  | 'tokens-after-stop'
  /** There is reasoning, but no final answer. */
  | 'no-final-answer'
  /** The messages do not follow the format: a missing header, a foreign role, a message in a message. */
  | 'broken-message'
  /** The model called a tool; there are none. */
  | 'tool-call'
  /** The final answer holds control tokens; they are spelled out in the text. */
  | 'control-token-in-answer';

export interface ParsedAnswer {
  /** The final answer alone, empty if there is none. The program is looked for here, never in the reasoning. */
  readonly answer: string;
  readonly reasoning: string;
  /** True if the model itself ended its answer with a stop token. */
  readonly finished: boolean;
  /** Each once. */
  readonly problems: readonly FormatProblem[];
}

/** The chat format of a model: text to tokens and back. */
export interface Renderer {
  readonly tokenizer: ChatTokenizer;
  /** Sampling ends at any of these; the token itself is part of the sample. */
  readonly stopTokens: readonly number[];
  /** The prompt up to where the model's answer begins. Text never becomes a control token. */
  render(prompt: PromptText): number[];
  /** Reads the tokens of an answer, forced tokens included. Throws `TokenOutOfVocabularyError`. */
  parse(answer: readonly number[]): ParsedAnswer;
  /**
   * What to append to an answer that ran out of tokens so that the final answer begins; empty if it has begun, or if the format
   * knows no reasoning.
   */
  forcedTokens(answer: readonly number[]): number[];
}

/** In the model's own voice, put where its reasoning was cut. Source: the two-phase sampling of TTT-Discover. */
export const outOfTokensText =
  '\n\n... okay, I am out of thinking tokens. I need to send my final message now.';

export interface CutAnswer {
  /** Up to the first stop token, without it. */
  readonly body: readonly number[];
  readonly finished: boolean;
  readonly problems: readonly FormatProblem[];
}

export function cutAtStop(tokens: readonly number[], stopTokens: readonly number[]): CutAnswer {
  const stopAt = tokens.findIndex((token) => stopTokens.includes(token));
  if (stopAt < 0) return { body: tokens, finished: false, problems: ['no-stop-token'] };
  const problems: FormatProblem[] = stopAt < tokens.length - 1 ? ['tokens-after-stop'] : [];
  return { body: tokens.slice(0, stopAt), finished: true, problems };
}
