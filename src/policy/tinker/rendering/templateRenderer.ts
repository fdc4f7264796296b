import type { JsonValue } from '../../../domain/json';
import { ChatTemplate, type TemplatePart } from './chatTemplate';
import type { ChatTokenizer } from './chatTokenizer';
import { ChatTemplateError } from './errors';
import { defaultHarmonyDate } from './harmony';
import { encodePieces, type Piece } from './pieces';
import type { PromptText, Renderer } from './renderer';
import { splitControls } from './splitControls';
import { closeThinkBlock, parseWithThinkBlock, type ThinkBlock } from './thinkBlock';

export interface TemplateRendererSettings {
  /** Year-month-day: what the template takes for today. */
  readonly date?: string;
  /** Given to the template, for example `{ enable_thinking: false }`. */
  readonly variables?: Readonly<Record<string, JsonValue>>;
  /** Spellings of the stop tokens, if the template and the tokenizer's files do not tell. */
  readonly stop?: readonly string[];
}

/**
 * Any model, through its own chat template. Control tokens come from the template alone; texts are put in after the template
 * was rendered and split. A template that refuses a system message gets its text at the head of the user's.
 * Throws `ChatTemplateError`, `MissingControlTokenError`, `RenderingSettingsError`.
 */
export function templateRenderer(
  tokenizer: ChatTokenizer,
  settings: TemplateRendererSettings = {},
): Renderer {
  const { chatTemplate, namedTokens } = tokenizer.source;
  if (chatTemplate === undefined) throw new ChatTemplateError("the model's files have none");
  const template = new ChatTemplate(chatTemplate, {
    date: settings.date ?? defaultHarmonyDate,
    variables: { ...namedTokens, ...settings.variables },
  });
  const stopTokens =
    settings.stop?.map((spelling) => tokenizer.control(spelling)) ?? findStopTokens(tokenizer, template);
  if (stopTokens.length === 0) {
    throw new ChatTemplateError("neither it nor the tokenizer's files name the token that ends an answer");
  }
  const think = findThinkBlock(tokenizer, template);
  return {
    tokenizer,
    stopTokens,
    render: (prompt) => encodePieces(tokenizer, promptPieces(tokenizer, template, prompt)),
    parse: (answer) => parseWithThinkBlock(tokenizer, answer, stopTokens, think),
    forcedTokens: (answer) => closeThinkBlock(tokenizer, answer, think),
  };
}

function promptPieces(
  tokenizer: ChatTokenizer,
  template: ChatTemplate,
  { system, user }: PromptText,
): Piece[] {
  const userAlone = (text: string): Piece[] =>
    splitControls(tokenizer, template.outline(['user'], true), [text]);
  if (system === undefined) return userAlone(user);
  let parts: readonly TemplatePart[];
  try {
    parts = template.outline(['system', 'user'], true);
  } catch (error) {
    if (error instanceof ChatTemplateError) return userAlone(`${system}\n\n${user}`);
    throw error;
  }
  return splitControls(tokenizer, parts, [system, user]);
}

/** The token that ends a text of the model, and the token that follows an answer in a longer conversation. */
function findStopTokens(tokenizer: ChatTokenizer, template: ChatTemplate): number[] {
  const stop = new Set<number>();
  const endOfText = tokenizer.source.namedTokens['eos_token'];
  const endId = endOfText === undefined ? undefined : tokenizer.findControl(endOfText);
  if (endId !== undefined) stop.add(endId);
  const parts = template.outline(['user', 'assistant'], false);
  const [next] = splitControls(tokenizer, parts.slice(-1), []);
  if (next !== undefined && typeof next !== 'string') stop.add(tokenizer.control(next.control));
  return [...stop];
}

function findThinkBlock(tokenizer: ChatTokenizer, template: ChatTemplate): ThinkBlock {
  const openToken = tokenizer.findControl('<think>');
  const closeToken = tokenizer.findControl('</think>');
  const ending = splitControls(tokenizer, template.outline(['user'], true).slice(-1), []);
  const last = ending.findLast(
    (piece) => typeof piece !== 'string' && ['<think>', '</think>'].includes(piece.control),
  );
  const lastControl = typeof last === 'object' ? last.control : undefined;
  const atStart = lastControl === '<think>' ? 'open' : lastControl === '</think>' ? 'never' : 'possible';
  return {
    atStart,
    ...(openToken !== undefined && { openToken }),
    ...(closeToken !== undefined && { closeToken }),
  };
}
