import { languageOf } from '../problem/language';
import type { Problem } from '../problem/problem';
import type { ModelSettings } from '../session/modelSettings';
import type { PromptFacts } from './buildPrompt';
import { bestReference } from './promptNumbers';

/** Far below what today's contexts hold; a prompt that long is a program gone wrong. */
export const defaultMaxPromptCharacters = 200_000;
export const defaultMaxFeedbackCharacters = 4000;

/** What all prompts of a session have in common. The target is the published value that is hardest to beat. */
export function promptFactsOf(
  problem: Problem,
  settings: Pick<ModelSettings, 'answer' | 'maxPromptCharacters' | 'maxFeedbackCharacters'>,
): PromptFacts {
  const target = bestReference(problem.references, problem.metric);
  return {
    statement: problem.statement,
    language: languageOf(problem.candidate),
    metric: problem.metric,
    limits: problem.limits,
    ...(target === undefined ? {} : { target }),
    answer: settings.answer ?? 'program',
    maxCharacters: settings.maxPromptCharacters ?? defaultMaxPromptCharacters,
    maxFeedbackCharacters: settings.maxFeedbackCharacters ?? defaultMaxFeedbackCharacters,
  };
}
