import type { Problem } from '../../domain/problem/problem';
import { estimate, type SessionEstimate } from '../../domain/session/cost';
import { serverWords } from '../../domain/session/modelSettings';
import type { SessionOptions, SessionOverrides } from '../../domain/session/options';
import { draftOptions } from '../../domain/session/resolveOptions';
import { complaintsAbout } from '../../domain/session/settingsRules';
import { guessTokens } from '../../domain/session/tokenGuesses';

/**
 * How a session will run as far as this side knows: by the rules that the host resolves it by; seed and concurrency, which the host may
 * choose, stand in with fixed values. A model without server or name is left out.
 */
export function plannedOptions(problem: Problem, overrides: SessionOverrides): SessionOptions {
  return draftOptions(problem, overrides, { randomSeed: 0, processors: 1 });
}

/** What keeps the session from starting as it is planned, a sentence each. */
export function plannedMistakes(options: SessionOptions): readonly string[] {
  return complaintsAbout(options)
    .filter(({ severity, code }) => severity === 'error' || code === 'missing-model')
    .map(({ message }) => message);
}

/** Candidates that the session proposes if no budget ends it. */
export function plannedCandidates({ steps, groups, groupSize }: SessionOptions): number {
  return steps * groups * groupSize;
}

/** True if the session asks a language model of this editor. */
export function asksEditorModel(options: Pick<SessionOptions, 'policy' | 'model'>): boolean {
  return options.policy === 'openai' && options.model?.server === serverWords.vscode;
}

/** What a prompt says besides the statement and the program. */
const frameCharacters = 1500;

/** `undefined` where no language model is asked. */
export function plannedEstimate(
  problem: Problem,
  options: SessionOptions,
  initialText: string,
): SessionEstimate | undefined {
  if (options.policy === 'tunables') return undefined;
  const programCharacters = initialText.length;
  const promptCharacters = problem.statement.length + programCharacters + frameCharacters;
  return estimate(options, {
    ...guessTokens(options, { promptCharacters, programCharacters }),
    runsParents: problem.evaluator.stopEarly === true,
  });
}
