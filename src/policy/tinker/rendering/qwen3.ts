import type { ChatTokenizer } from './chatTokenizer';
import { encodePieces, type Piece } from './pieces';
import type { Renderer } from './renderer';
import { closeThinkBlock, parseWithThinkBlock, type ThinkBlock } from './thinkBlock';

/**
 * `on`: Qwen3, which opens its think block itself. `opened`: models whose prompt opens it (Qwen3.5 and later).
 * `off`: Qwen3 with an empty block. `none`: models without reasoning (Qwen3-2507-Instruct).
 */
export type Qwen3Thinking = 'on' | 'opened' | 'off' | 'none';

const start: Piece = { control: '<|im_start|>' };
const end: Piece = { control: '<|im_end|>' };
const openThink: Piece = { control: '<think>' };
const closeThink: Piece = { control: '</think>' };

const answerStarts: Record<Qwen3Thinking, readonly Piece[]> = {
  on: [],
  opened: [openThink, '\n'],
  off: [openThink, '\n\n', closeThink, '\n\n'],
  none: [],
};
const blocks: Record<Qwen3Thinking, ThinkBlock['atStart']> = {
  on: 'expected',
  opened: 'open',
  off: 'never',
  none: 'never',
};

/** ChatML as Qwen3 uses it. Throws `MissingControlTokenError`. */
export function qwen3Renderer(tokenizer: ChatTokenizer, thinking: Qwen3Thinking = 'on'): Renderer {
  const stopTokens = [tokenizer.control('<|im_end|>')];
  const think: ThinkBlock =
    thinking === 'none'
      ? { atStart: 'never' }
      : {
          openToken: tokenizer.control('<think>'),
          closeToken: tokenizer.control('</think>'),
          atStart: blocks[thinking],
        };
  const message = (role: string, text: string): Piece[] => [start, `${role}\n`, text, end, '\n'];
  return {
    tokenizer,
    stopTokens,
    render: ({ system, user }) =>
      encodePieces(tokenizer, [
        ...(system === undefined ? [] : message('system', system)),
        ...message('user', user),
        start,
        'assistant\n',
        ...answerStarts[thinking],
      ]),
    parse: (answer) => parseWithThinkBlock(tokenizer, answer, stopTokens, think),
    forcedTokens: (answer) => closeThinkBlock(tokenizer, answer, think),
  };
}
