import { Template } from '@huggingface/jinja';

import { ChatTemplateError } from './errors';
import { fixedDateFormat } from './fixedDate';

/** Of a template that was rendered with marks in the place of the texts, so that no text can change what it does. */
export type TemplatePart =
  | { readonly kind: 'template'; readonly text: string }
  | {
      readonly kind: 'message';
      /** The message's place in the conversation. */
      readonly index: number;
      /** True if the template leaves out whitespace at that side of the text. */
      readonly trimsStart: boolean;
      readonly trimsEnd: boolean;
    };

export interface TemplateSettings {
  /** Year-month-day: what the template takes for today. */
  readonly date: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Private-use characters that no template has, and an em space that shows whether a template trims. */
const pad = '\u2003';
const mark = (index: number): string => `${pad}\uE000${index}\uE001${pad}`;
const anyMark = /(\u2003?)\uE000(\d+)\uE001(\u2003?)/gu;

/** A model's own chat template, in Jinja. */
export class ChatTemplate {
  private readonly template: Template;

  /** Throws `ChatTemplateError`. */
  constructor(
    source: string,
    private readonly settings: TemplateSettings,
  ) {
    try {
      // The library's own function gives the real date, and cannot be replaced by a variable of the same name.
      this.template = new Template(source.replaceAll('strftime_now', 'fixed_strftime'));
    } catch (error) {
      throw templateError(error);
    }
  }

  /** Throws `ChatTemplateError`, also if the template leaves a message out or repeats it. */
  outline(roles: readonly string[], addGenerationPrompt: boolean): readonly TemplatePart[] {
    let text: string;
    try {
      text = this.template.render({
        ...this.settings.variables,
        fixed_strftime: fixedDateFormat(this.settings.date),
        messages: roles.map((role, index) => ({ role, content: mark(index) })),
        add_generation_prompt: addGenerationPrompt,
      });
    } catch (error) {
      throw templateError(error);
    }
    const parts: TemplatePart[] = [];
    const seen = new Set<number>();
    let from = 0;
    for (const match of text.matchAll(anyMark)) {
      const [whole, padBefore, digits, padAfter] = match;
      const index = Number(digits);
      if (seen.has(index)) throw new ChatTemplateError(`it repeats the ${roles[index] ?? 'unknown'} message`);
      seen.add(index);
      parts.push({ kind: 'template', text: text.slice(from, match.index) });
      parts.push({ kind: 'message', index, trimsStart: padBefore === '', trimsEnd: padAfter === '' });
      from = match.index + whole.length;
    }
    parts.push({ kind: 'template', text: text.slice(from) });
    const missing = roles.findIndex((_, index) => !seen.has(index));
    if (missing >= 0) throw new ChatTemplateError(`it leaves out the ${roles[missing] ?? ''} message`);
    return parts;
  }
}

function templateError(error: unknown): ChatTemplateError {
  return new ChatTemplateError(error instanceof Error ? error.message : String(error), { cause: error });
}
