import type { TemplatePart } from './chatTemplate';
import type { ChatTokenizer } from './chatTokenizer';
import type { Piece } from './pieces';

/**
 * Finds the control tokens in the template's parts, and only there, and puts the texts in: the control tokens of the result are
 * the template's own. `texts` has one text per message of the conversation.
 */
export function splitControls(
  tokenizer: ChatTokenizer,
  parts: readonly TemplatePart[],
  texts: readonly string[],
): Piece[] {
  const pieces: Piece[] = [];
  let text = '';
  let trimsStart = false;
  const endText = (trimsEnd: boolean): void => {
    const started = trimsStart ? text.trimStart() : text;
    const trimmed = trimsEnd ? started.trimEnd() : started;
    if (trimmed !== '') pieces.push(trimmed);
    text = '';
  };
  const controls = new Map(tokenizer.controls.map((control) => [control.spelling, control]));
  const anyControl = new RegExp(
    tokenizer.controls.map(({ spelling }) => escaped(spelling)).join('|') || '(?!)',
    'gu',
  );
  for (const part of parts) {
    if (part.kind === 'message') {
      const whole = texts[part.index] ?? '';
      const started = part.trimsStart ? whole.trimStart() : whole;
      text += part.trimsEnd ? started.trimEnd() : started;
      continue;
    }
    let from = 0;
    for (const match of part.text.matchAll(anyControl)) {
      const control = controls.get(match[0]);
      if (!control) continue;
      text += part.text.slice(from, match.index);
      endText(control.trimsBefore);
      pieces.push({ control: control.spelling });
      trimsStart = control.trimsAfter;
      from = match.index + match[0].length;
    }
    text += part.text.slice(from);
  }
  endText(false);
  return pieces;
}

/** `RegExp.escape`, for the flag u. */
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
