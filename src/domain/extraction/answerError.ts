export type NoProgramReason = 'empty-answer' | 'no-block' | 'other-language' | 'empty-block';

export type EditProblem =
  | 'no-edits'
  | 'unterminated'
  | 'stray-marker'
  | 'ambiguous-divider'
  | 'empty-search'
  | 'not-found'
  | 'found-twice'
  | 'overlapping'
  | 'no-change';

/** A model's answer cannot be made into a program. The message is for people and for the next prompt. */
export abstract class AnswerError extends Error {}

/** The answer has no program in the language asked for. */
export class NoProgramError extends AnswerError {
  override readonly name = 'NoProgramError';
  constructor(
    readonly reason: NoProgramReason,
    message: string,
  ) {
    super(message);
  }
}

/** The answer's search/replace blocks cannot be applied; none of them was. */
export class EditError extends AnswerError {
  override readonly name = 'EditError';
  constructor(
    readonly problem: EditProblem,
    message: string,
    /** Number of the block in the answer, from 1; absent where the answer as a whole is at fault. */
    readonly block?: number,
    /** The first lines of the block, at most three. */
    readonly firstLines?: readonly string[],
  ) {
    super(
      block === undefined
        ? message
        : `Edit ${block} ${message}${firstLines === undefined ? '' : ` It begins with:\n${firstLines.join('\n')}`}`,
    );
  }
}

/** For `EditError`: enough of a block to recognise it. */
export function firstLinesOf(lines: readonly string[]): readonly string[] {
  return lines.slice(0, 3).map((line) => (line.length > 200 ? `${line.slice(0, 200)}…` : line));
}
