import type { TokenUsage } from './snapshot';

/** What an event says of tokens: what is absent is none. */
export type SomeUsage = { readonly [Key in keyof TokenUsage]?: number | undefined };

export function addUsage(before: TokenUsage | undefined, more: SomeUsage): TokenUsage {
  return {
    promptTokens: (before?.promptTokens ?? 0) + (more.promptTokens ?? 0),
    sampledTokens: (before?.sampledTokens ?? 0) + (more.sampledTokens ?? 0),
    trainedTokens: (before?.trainedTokens ?? 0) + (more.trainedTokens ?? 0),
  };
}
