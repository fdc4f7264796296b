import type { ChatTokenizer } from './chatTokenizer';

/** Of a prompt: a string is ordinary text, whatever it says; a control token is named. */
export type Piece = string | { readonly control: string };

/** Neighbouring texts are joined before they are encoded, as the tokens at their border may depend on both. */
export function encodePieces(tokenizer: ChatTokenizer, pieces: readonly Piece[]): number[] {
  const runs: number[][] = [];
  let text = '';
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece;
    } else {
      runs.push(tokenizer.encodeText(text), [tokenizer.control(piece.control)]);
      text = '';
    }
  }
  runs.push(tokenizer.encodeText(text));
  return runs.flat();
}
