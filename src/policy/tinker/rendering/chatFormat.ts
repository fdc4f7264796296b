import type { ChatTokenizer } from './chatTokenizer';
import { ChatTemplateError } from './errors';
import { harmonyRenderer, type HarmonySettings } from './harmony';
import { llama3Renderer } from './llama3';
import { qwen3Renderer, type Qwen3Thinking } from './qwen3';
import type { Renderer } from './renderer';
import { templateRenderer, type TemplateRendererSettings } from './templateRenderer';

export type ChatFormat =
  | ({ readonly family: 'harmony' } & HarmonySettings)
  | { readonly family: 'qwen3'; readonly thinking: Qwen3Thinking }
  | { readonly family: 'llama3' }
  | ({ readonly family: 'template' } & TemplateRendererSettings);

/** Throws `MissingControlTokenError`, `ChatTemplateError`, `RenderingSettingsError`. */
export function createRenderer(tokenizer: ChatTokenizer, format: ChatFormat): Renderer {
  switch (format.family) {
    case 'harmony':
      return harmonyRenderer(tokenizer, format);
    case 'qwen3':
      return qwen3Renderer(tokenizer, format.thinking);
    case 'llama3':
      return llama3Renderer(tokenizer);
    case 'template':
      return templateRenderer(tokenizer, format);
  }
}

/**
 * The format that a tokenizer's files speak for: harmony by its channels, else the model's own template, else the family whose
 * control tokens it has. Throws `ChatTemplateError` if none does.
 */
export function detectChatFormat(tokenizer: ChatTokenizer): ChatFormat {
  const has = (...spellings: string[]): boolean =>
    spellings.every((spelling) => tokenizer.findControl(spelling) !== undefined);
  if (has('<|start|>', '<|channel|>', '<|message|>', '<|return|>')) {
    return { family: 'harmony', reasoningEffort: 'high' };
  }
  if (tokenizer.source.chatTemplate !== undefined) return { family: 'template' };
  if (has('<|start_header_id|>', '<|eot_id|>')) return { family: 'llama3' };
  if (has('<|im_start|>', '<|im_end|>')) {
    return { family: 'qwen3', thinking: has('<think>', '</think>') ? 'on' : 'none' };
  }
  throw new ChatTemplateError("the model's files have none, and its control tokens are of no known family");
}
