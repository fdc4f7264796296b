import type { EstimateFacts, Guess } from './cost';
import type { SessionOptions } from './options';

/** As policies have them; the domain does not know policies. */
const defaultContextTokens = 32_768;
const defaultMaxPromptCharacters = 200_000;
const defaultMaxFeedbackCharacters = 4000;

/** Characters of a token of prose and code, by the tokenizers of today: few and many. */
export const charactersPerToken = { fewest: 3, usual: 4, most: 5 };

export interface TextSizes {
  /** Of the session's first prompt, without feedback. */
  readonly promptCharacters: number;
  readonly programCharacters: number;
}

/**
 * What prompts and answers of a session may take, before any was seen. A prompt is at least the first one, and grows with the
 * program and with what its run said. An answer is at least the program, and at most what the settings allow; in between is how
 * long the model thinks, which nobody knows. Likely is taken as four times the program and 4,000 tokens, and through the Tinker
 * API as at least half of what is allowed, unless thinking is off: the authors of TTT-Discover report 16,000 tokens of 32,768.
 */
export function guessTokens(
  { policy, model }: SessionOptions,
  sizes: TextSizes,
): Omit<EstimateFacts, 'evaluationMs'> {
  const { promptCharacters, programCharacters } = sizes;
  const feedback = model?.maxFeedbackCharacters ?? defaultMaxFeedbackCharacters;
  const mostCharacters = Math.max(
    promptCharacters,
    Math.min(model?.maxPromptCharacters ?? defaultMaxPromptCharacters, 3 * promptCharacters + feedback),
  );
  const promptTokens: Guess = {
    lowest: Math.ceil(promptCharacters / charactersPerToken.most),
    likely: Math.ceil((1.25 * promptCharacters + feedback / 4) / charactersPerToken.usual),
    highest: Math.ceil((mostCharacters + feedback / 4) / charactersPerToken.fewest),
  };
  const context = model?.contextTokens ?? defaultContextTokens;
  const limit = Math.max(1, Math.min(model?.maxTokens ?? Infinity, context - promptTokens.lowest));
  const thinks = policy === 'tinker' && model?.thinking !== false;
  const program = Math.ceil(programCharacters / charactersPerToken.most);
  return {
    promptTokens,
    sampledTokensPerCandidate: {
      lowest: Math.min(limit, Math.max(1, program)),
      likely: Math.min(limit, Math.max(4 * program + 4000, thinks ? Math.ceil(limit / 2) : 0)),
      highest: limit,
    },
  };
}
