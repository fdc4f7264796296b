import { readAssignments, type Assignment } from '../../domain/problem/readAssignments';
import { answerForms } from '../../domain/session/modelSettings';
import type { SessionOverrides } from '../../domain/session/options';
import { withoutAbsent } from '../../domain/withoutAbsent';
import type { CommandCall, OptionSpec } from './command';
import { usageError } from './commandError';
import { durationMs, isolationWish, method, policy, seed, wholeNumber } from './values';

/** Of every command that evaluates. */
export const isolationOptionSpec: OptionSpec = {
  type: 'string',
  value: 'HOW',
  help: 'auto (default: isolated, or not at all), or none: programs run with all rights of your account',
};

/** Flags that choose how a session runs; `run` and `estimate` share them. */
export const sessionOptionSpecs: Readonly<Record<string, OptionSpec>> = {
  policy: { type: 'string', value: 'NAME', help: 'What proposes candidates: tunables, openai or tinker' },
  method: { type: 'string', value: 'NAME', help: 'ttt-discover (learns), puct or best-of-n' },
  server: { type: 'string', value: 'WHERE', help: 'Model server: skyrl, tinker, vscode or an address' },
  model: { type: 'string', value: 'NAME', help: 'The model, as its server calls it' },
  answer: { type: 'string', value: 'FORM', help: `What the model answers with: ${answerForms.join(', ')}` },
  temperature: { type: 'string', value: 'T', help: 'How freely tokens are drawn (default: 1)' },
  'max-tokens-per-answer': { type: 'string', value: 'N', help: 'Most tokens of one answer' },
  steps: { type: 'string', value: 'N', help: 'Steps' },
  groups: { type: 'string', value: 'N', help: 'Parents a step' },
  'group-size': { type: 'string', value: 'N', help: 'Candidates a parent, at least 3' },
  concurrency: { type: 'string', value: 'N', help: 'Evaluations at once' },
  seed: { type: 'string', value: 'N', help: 'Fixes every random choice (default: a random one)' },
  'max-time': { type: 'string', value: 'TIME', help: 'Ends after this wall time, such as 180s, 3m or 1h' },
  'max-evaluations': { type: 'string', value: 'N', help: 'Ends after this many evaluations' },
  'max-tokens': { type: 'string', value: 'N', help: 'Ends after this many tokens of all kinds' },
  'max-cost': { type: 'string', value: 'USD', help: 'Ends when the tokens have cost this much' },
  patience: { type: 'string', value: 'STEPS', help: 'Ends after so many steps without a better candidate' },
  isolation: isolationOptionSpec,
  set: {
    type: 'string',
    multiple: true,
    value: 'KEY=VALUE',
    help: 'Any key of session: or policy: as in the problem file, such as policy.learningRate=1e-4',
  },
};

/** Flags that stand for a key of the problem file. Text is taken as it is, anything else as the file would have it. */
const flagKeys: readonly (readonly [flag: string, path: string, isText: boolean])[] = [
  ['server', 'policy.server', true],
  ['model', 'policy.model', true],
  ['answer', 'policy.answer', true],
  ['temperature', 'policy.temperature', false],
  ['max-tokens-per-answer', 'policy.maxTokens', false],
  ['max-evaluations', 'session.maxEvaluations', false],
  ['max-tokens', 'session.maxTokens', false],
  ['max-cost', 'session.maxCost', false],
  ['patience', 'session.patience', false],
];

/** What the user chose on the command line. Throws a usage error. */
export function sessionOverridesOf({ values, lists }: CommandCall, command: string): SessionOverrides {
  const assigned = readAssignments([
    ...(lists['set'] ?? []).map((text) => assignmentOf(text, command)),
    ...flagKeys.flatMap(([flag, path, isText]): Assignment[] => {
      const value = values[flag];
      return value === undefined ? [] : [{ path, value: isText ? JSON.stringify(value) : value }];
    }),
  ]);
  if (assigned.mistakes.length > 0) throw usageError(assigned.mistakes.join('\n'), command);
  const { session, model } = assigned;
  return {
    ...session,
    ...withoutAbsent({
      policy: policy(values['policy']),
      method: method(values['method']),
      maxTimeMs: durationMs(values['max-time'], '--max-time'),
      steps: wholeNumber(values['steps'], '--steps', 1),
      groups: wholeNumber(values['groups'], '--groups', 1),
      groupSize: wholeNumber(values['group-size'], '--group-size', 3),
      concurrency: wholeNumber(values['concurrency'], '--concurrency', 1),
      seed: seed(values['seed']),
      isolation: isolationWish(values['isolation']),
    }),
    ...(Object.keys(model).length > 0 && { model }),
  };
}

function assignmentOf(text: string, command: string): Assignment {
  const equals = text.indexOf('=');
  if (equals < 1) throw usageError('--set takes KEY=VALUE, such as policy.learningRate=1e-4.', command);
  return { path: text.slice(0, equals).trim(), value: text.slice(equals + 1).trim() };
}
