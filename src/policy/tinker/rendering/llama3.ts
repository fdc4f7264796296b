import type { ChatTokenizer } from './chatTokenizer';
import { encodePieces, type Piece } from './pieces';
import type { Renderer } from './renderer';
import { parseWithThinkBlock } from './thinkBlock';

/**
 * Llama 3, without the date lines that Meta's own template puts into the system message. It has no reasoning.
 * Throws `MissingControlTokenError`.
 */
export function llama3Renderer(tokenizer: ChatTokenizer): Renderer {
  const stopTokens = [tokenizer.control('<|eot_id|>')];
  const header = (role: string): Piece[] => [
    { control: '<|start_header_id|>' },
    role,
    { control: '<|end_header_id|>' },
    '\n\n',
  ];
  const message = (role: string, text: string): Piece[] => [...header(role), text, { control: '<|eot_id|>' }];
  return {
    tokenizer,
    stopTokens,
    render: ({ system, user }) =>
      encodePieces(tokenizer, [
        { control: '<|begin_of_text|>' },
        ...(system === undefined ? [] : message('system', system)),
        ...message('user', user),
        ...header('assistant'),
      ]),
    parse: (answer) => parseWithThinkBlock(tokenizer, answer, stopTokens, { atStart: 'never' }),
    forcedTokens: () => [],
  };
}
