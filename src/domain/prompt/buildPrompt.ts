import type { Language } from '../problem/language';
import { isBetter, type Limits, type Metric, type Reference } from '../problem/problem';
import { editMarkers } from '../extraction/editMarkers';
import { evolveMarkers, hasEvolveBlocks } from '../extraction/evolveBlocks';
import { fenceLabel } from '../extraction/languageLabels';
import { fenced } from './fence';
import { directionInWords, gapInWords, limitsInWords, valueInWords } from './promptNumbers';

/**
 * What the model is asked to answer with: the whole program in a block, search/replace edits of the current one, or for
 * candidates that are no programs a final answer that is the candidate as it is.
 */
export type AnswerForm = 'program' | 'edits' | 'text';

/** What stays the same in all prompts of a session. */
export interface PromptFacts {
  /** Markdown; given to the model as it is. */
  readonly statement: string;
  readonly language: Language;
  readonly metric: Metric;
  readonly limits: Limits;
  /** The value to reach, in the metric's unit. */
  readonly target?: Pick<Reference, 'label' | 'value'>;
  readonly answer: AnswerForm;
  /** Most characters (UTF-16 code units) of a prompt. */
  readonly maxCharacters: number;
  /** Most characters of the last run's words; its end is kept. */
  readonly maxFeedbackCharacters: number;
}

/** The program that the model is to make better. */
export interface PromptParent {
  /** May be blank: then the model writes the first program. */
  readonly text: string;
  /** The metric in its own unit; absent if its run gave none. */
  readonly value?: number;
  /** The value of the program that it was made from. */
  readonly previousValue?: number;
  /** What its run said: the evaluator's words, or why it failed. */
  readonly feedback?: string;
  /** True if its run left a construction that the next run starts from. */
  readonly hasState?: boolean;
}

/** The statement and the program alone are longer than a prompt may be. */
export class PromptTooLongError extends Error {
  override readonly name = 'PromptTooLongError';
  readonly advice = 'Shorten the statement or the program, or allow longer prompts.';
  constructor(
    /** Characters needed without any feedback. */
    readonly neededCharacters: number,
    readonly maxCharacters: number,
  ) {
    super(
      `The statement and the current program need ${neededCharacters} characters; a prompt may have ${maxCharacters}.`,
    );
  }
}

/**
 * The prompt of one group: the statement, the current program with its value before and after, the gap to the target, what
 * the last run said, the limits, and the form of the answer. The same input gives the same text.
 *
 * The program and the words of its run come from a model and from its programs: both stand in fences that they cannot close.
 * If all is longer than `maxCharacters`, the feedback is cut, and left out if need be, and then the oldest of `notes` (oldest first;
 * what a person said to steer); nothing else ever is. Throws
 * `PromptTooLongError` if that does not suffice.
 *
 * Source: discover's `State.to_prompt`, with the direction said rightly, values before and after for every problem, and
 * failures shown.
 */
export function buildPrompt(facts: PromptFacts, parent: PromptParent, notes: readonly string[] = []): string {
  const program = parent.text.trim() === '' ? undefined : fenced(parent.text, fenceLabel(facts.language));
  const before = [facts.statement, programSection(facts, parent, program?.block)];
  const after = [limitsSection(facts), answerSection(facts, parent, program?.marker ?? '```')];
  const bare = [...before, ...after].join('\n\n');
  if (bare.length > facts.maxCharacters) throw new PromptTooLongError(bare.length, facts.maxCharacters);
  const roomCharacters = facts.maxCharacters - bare.length - 2;
  const hints = hintsSection(notes, roomCharacters);
  const feedback = feedbackSection(
    parent.feedback,
    facts,
    roomCharacters - (hints === undefined ? 0 : hints.length + 2),
  );
  return [...before, feedback, hints, ...after].filter((section) => section !== undefined).join('\n\n');
}

/** The newest notes that there is room for; undefined if there is none. */
function hintsSection(notes: readonly string[], roomCharacters: number): string | undefined {
  for (let first = 0; first < notes.length; first++) {
    const cited = notes.slice(first).map((note) => fenced(note.trim(), 'text').block);
    const section = ['## Hints', hintsLead, ...cited].join('\n\n');
    if (section.length <= roomCharacters) return section;
  }
  return undefined;
}

const hintsLead =
  'The person who runs this search left these notes, oldest first. Follow them as far as the statement, the limits and the form of the ' +
  'answer allow.';

function programSection(facts: PromptFacts, parent: PromptParent, block: string | undefined): string {
  const noun = nounOf(facts);
  if (block === undefined)
    return `## Current ${noun}\n\nThere is no ${noun} yet. ${targetWords(facts)}`.trim();
  const words = [valueWords(facts.metric, parent), targetWords(facts, parent.value)];
  if (parent.hasState === true) {
    words.push(`The construction that this ${noun} made is what your ${noun} starts from.`);
  }
  return `## Current ${noun}\n\n${block}\n\n${words.filter((line) => line !== '').join('\n')}`;
}

function nounOf({ answer }: PromptFacts): string {
  return answer === 'text' ? 'candidate' : 'program';
}

function valueWords({ name, goal, unit }: Metric, { value, previousValue }: PromptParent): string {
  const direction = directionInWords(goal);
  if (value === undefined) {
    return `It has no ${name} (${direction}): its run did not give one.`;
  }
  if (previousValue === undefined) return `Its ${name} (${direction}): ${valueInWords(value, unit)}`;
  const change = `${valueInWords(previousValue, unit)} -> ${valueInWords(value, unit)}`;
  const verdict = isBetter(goal, value, previousValue)
    ? 'better'
    : value === previousValue
      ? 'unchanged'
      : 'worse';
  return `${name} (${direction}) before and after its last change: ${change} (${verdict})`;
}

function targetWords({ metric, target }: PromptFacts, value?: number): string {
  if (target === undefined) return '';
  const { name, goal, unit } = metric;
  const wanted = `Target: ${name} of ${valueInWords(target.value, unit)} (${target.label.trim()})`;
  if (value === undefined) return `${wanted}, ${directionInWords(goal)}.`;
  const gap = gapInWords(Math.abs(value - target.value), unit);
  if (value === target.value) return `${wanted}. It is reached; going beyond it is better still.`;
  if (isBetter(goal, value, target.value)) {
    return `${wanted}. It is passed by ${gap}; going further is better still.`;
  }
  return `${wanted}. Gap: the ${name} is ${gap} too ${goal === 'minimize' ? 'high' : 'low'}.`;
}

/** Undefined if there is nothing to say, or no room to say it. */
function feedbackSection(
  feedback: string | undefined,
  { maxFeedbackCharacters }: PromptFacts,
  roomCharacters: number,
): string | undefined {
  if (feedback === undefined || feedback.trim() === '') return undefined;
  let keptCharacters = Math.min(feedback.length, maxFeedbackCharacters);
  while (keptCharacters > 0) {
    const section = `## What its last run said\n\n${feedbackBlock(feedback, keptCharacters)}`;
    if (section.length <= roomCharacters) return section;
    // At least one less; the fence may shrink on the way too.
    keptCharacters -= section.length - roomCharacters;
  }
  return undefined;
}

function feedbackBlock(feedback: string, keptCharacters: number): string {
  let start = feedback.length - keptCharacters;
  // Not in the middle of a surrogate pair.
  if (/^[\uDC00-\uDFFF]/.test(feedback.slice(start, start + 1))) start += 1;
  if (start === 0) return fenced(feedback, 'text').block;
  const mark = `(The first ${start} characters are left out.)`;
  return `${mark}\n\n${fenced(feedback.slice(start), 'text').block}`;
}

function limitsSection({ limits }: PromptFacts): string {
  return `## Limits of a run\n\n${limitsInWords(limits)}. A run that exceeds a limit, crashes or is invalid has no value.`;
}

function answerSection(
  { language, metric, answer }: PromptFacts,
  { text, value }: PromptParent,
  marker: string,
): string {
  const better = metric.goal === 'minimize' ? 'lower' : 'higher';
  const aim =
    value === undefined
      ? `with as ${metric.goal === 'minimize' ? 'low' : 'high'} a ${metric.name} as you can`
      : `whose ${metric.name} is ${better} than ${valueInWords(value, metric.unit)}`;
  const heading = '## Your answer';
  const frame = hasEvolveBlocks(text)
    ? [
        `Only the lines between ${evolveMarkers.start} and ${evolveMarkers.end} may change: keep the lines with these words, and all ` +
          'lines outside of them, exactly as they are.',
      ]
    : [];
  if (answer === 'text') {
    return [
      heading,
      `Write a candidate ${aim}. Your final answer as it is, from its first character to its last, is the candidate: write ` +
        'nothing else there, no explanation and no code fence.',
    ].join('\n\n');
  }
  if (answer === 'edits' && text.trim() !== '') {
    return [
      heading,
      `Change the current program into one ${aim}. Give your changes as one or more blocks of this form:`,
      [
        editMarkers.search,
        'lines of the current program, exactly as they are',
        editMarkers.divider,
        'the lines that take their place',
        editMarkers.replace,
      ].join('\n'),
      'Each search part is one or more whole lines that stand exactly once in the current program, copied character by ' +
        'character with their indentation. Blocks must not overlap. One block that does not fit fails the whole answer.',
      ...frame,
    ].join('\n\n');
  }
  return [
    heading,
    `Write a ${language.label} program ${aim}. Give the whole program, ready to run, in one block that begins with ` +
      `${marker}${fenceLabel(language)} and ends with ${marker}. Only the last such block of your final answer is run.`,
    ...frame,
  ].join('\n\n');
}
