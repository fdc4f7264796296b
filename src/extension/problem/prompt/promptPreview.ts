import type { Problem } from '../../../domain/problem/problem';
import { buildPrompt, PromptTooLongError } from '../../../domain/prompt/buildPrompt';
import { promptFactsOf } from '../../../domain/prompt/promptFacts';
import { promptParentOf } from '../../../domain/prompt/promptParent';
import type { EvaluationOutcome } from '../../../domain/session/outcome';
import { charactersPerToken } from '../../../domain/session/tokenGuesses';
import { plannedOptions } from '../../start/plannedSession';
import { t } from '../../base/translate';

/** The program that the model would be asked to make better. */
export interface PreviewedProgram {
  /** `the initial program`, `c17, the best of this session so far`. */
  readonly name: string;
  readonly text: string;
  /** Absent if it was never evaluated. */
  readonly outcome?: EvaluationOutcome;
  /** Of the candidate that it was made from. */
  readonly before?: EvaluationOutcome;
  /** What the user said to steer the session, oldest first. */
  readonly notes?: readonly string[];
}

export interface PromptPreview {
  /** The prompt, to the letter; a sentence where there is none. */
  readonly text: string;
  /** What is to be known about it, for people. */
  readonly remarks: readonly Remark[];
}

export interface Remark {
  readonly text: string;
  /** Evaluating the initial program makes this remark needless. */
  readonly offersEvaluation?: true;
}

/** The prompt that a session of this problem would send, made by the code that makes it there. */
export function previewPrompt(problem: Problem, program: PreviewedProgram): PromptPreview {
  const settings = plannedOptions(problem, {}).model ?? problem.model ?? {};
  const remarks = remarksOf(problem, program);
  try {
    const parent = promptParentOf(program.text, program.outcome, program.before);
    return { text: buildPrompt(promptFactsOf(problem, settings), parent, program.notes), remarks };
  } catch (error) {
    if (!(error instanceof PromptTooLongError)) throw error;
    return { text: `${error.message} ${error.advice}\n`, remarks };
  }
}

function remarksOf(problem: Problem, { name, outcome }: PreviewedProgram): readonly Remark[] {
  const { policy, model } = plannedOptions(problem, {});
  const remarks: Remark[] = [{ text: t('What the model is told to make {0} better', name) }];
  if (outcome === undefined) {
    const text = t(
      '{0} was not evaluated as it is now: its value and the words of its run are missing here',
      name,
    );
    remarks.push({ text, offersEvaluation: true });
  }
  if (policy === 'tunables') {
    remarks.push({ text: t('The policy is tunables, which asks no model: this is what one would be told') });
  } else if (policy === 'tinker') {
    const named = model === undefined ? t('the model') : model.model;
    remarks.push({ text: t('The chat format of {0} adds its own frame around this message', named) });
  }
  return remarks;
}

/** Tokens of a text where no tokenizer is at hand: a guess, and between what it may be. */
export interface TokenEstimate {
  readonly fewest: number;
  readonly likely: number;
  readonly most: number;
}

export function estimateTokens(text: string): TokenEstimate {
  const { fewest, usual, most } = charactersPerToken;
  return {
    fewest: Math.ceil(text.length / most),
    likely: Math.ceil(text.length / usual),
    most: Math.ceil(text.length / fewest),
  };
}

/** `counted`: by whose tokenizer. */
export function tokenWords(text: string, counted?: { readonly tokens: number; readonly by: string }): string {
  const characters = t('{0} characters', text.length.toLocaleString('en-US'));
  if (counted !== undefined) {
    return `${t('{0} tokens, counted by {1}', counted.tokens.toLocaleString('en-US'), counted.by)} · ${characters}`;
  }
  const { fewest, likely, most } = estimateTokens(text);
  const words = t(
    'about {0} tokens (an estimate: {1} to {2})',
    likely.toLocaleString('en-US'),
    fewest.toLocaleString('en-US'),
    most.toLocaleString('en-US'),
  );
  return `${words} · ${characters}`;
}
