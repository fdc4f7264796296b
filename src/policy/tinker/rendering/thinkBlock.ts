import type { ChatTokenizer } from './chatTokenizer';
import { cutAtStop, outOfTokensText, type FormatProblem, type ParsedAnswer } from './renderer';

/** How a model's answer begins. */
export interface ThinkBlock {
  /** The ids of `<think>` and `</think>`; absent if the tokenizer has no such control tokens. */
  readonly openToken?: number;
  readonly closeToken?: number;
  /** `open`: the prompt has opened it. `expected`: the model opens it. `possible`: the model may open it. `never`: no reasoning. */
  readonly atStart: 'open' | 'expected' | 'possible' | 'never';
}

/** The answer is what follows the last `</think>`; an unclosed block is reasoning alone. Throws `TokenOutOfVocabularyError`. */
export function parseWithThinkBlock(
  tokenizer: ChatTokenizer,
  tokens: readonly number[],
  stopTokens: readonly number[],
  think: ThinkBlock,
): ParsedAnswer {
  tokenizer.checkTokens(tokens);
  const { body, finished, problems: cutProblems } = cutAtStop(tokens, stopTokens);
  const problems: FormatProblem[] = [...cutProblems];
  const closedAt = think.closeToken === undefined ? -1 : body.lastIndexOf(think.closeToken);
  const unclosed = closedAt < 0 && isReasoning(body, think);
  const reasoningEnd = unclosed ? body.length : Math.max(closedAt, 0);
  const reasoningStart = reasoningEnd > 0 && body[0] === think.openToken ? 1 : 0;
  const answerTokens = body.slice(closedAt >= 0 ? closedAt + 1 : reasoningEnd);
  if (unclosed) problems.push('no-final-answer');
  if (answerTokens.some((token) => tokenizer.isControl(token))) problems.push('control-token-in-answer');
  return {
    answer: tokenizer.decode(answerTokens).replace(/^\n+/, ''),
    reasoning: tokenizer.decode(body.slice(reasoningStart, reasoningEnd)).trim(),
    finished,
    problems,
  };
}

/** Closes the block where it is still open. */
export function closeThinkBlock(
  tokenizer: ChatTokenizer,
  tokens: readonly number[],
  think: ThinkBlock,
): number[] {
  if (think.closeToken === undefined || tokens.includes(think.closeToken) || !isReasoning(tokens, think)) {
    return [];
  }
  return [...tokenizer.encodeText(`${outOfTokensText}\n`), think.closeToken, ...tokenizer.encodeText('\n\n')];
}

/** Of an answer without `</think>`. */
function isReasoning(tokens: readonly number[], think: ThinkBlock): boolean {
  if (think.atStart === 'open' || think.atStart === 'expected') return true;
  return think.openToken !== undefined && tokens.includes(think.openToken);
}
