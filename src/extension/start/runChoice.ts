import type { Method, PolicyName, Problem } from '../../domain/problem/problem';
import { serverWords, type ModelSettings } from '../../domain/session/modelSettings';
import { policyOfServer } from '../../domain/session/settingsRules';
import { sessionOptions, type SessionOptions, type SessionOverrides } from '../../domain/session/options';
import { durationText, usdText } from '../base/words';
import { t } from '../base/translate';

/** What proposes candidates, as the user chooses it. */
export type ProposerChoice =
  | { readonly kind: 'tunables' }
  /** The model that the problem file names. */
  | { readonly kind: 'file' }
  /** A language model of this editor, by its name (`vendor/id`). */
  | { readonly kind: 'editor'; readonly modelName: string };

/** Methods that a policy can run: only some learn while they search. */
export function methodsOf(policy: PolicyName): readonly Method[] {
  return policy === 'openai' ? ['puct', 'best-of-n'] : ['ttt-discover', 'puct', 'best-of-n'];
}

/** The policy that the problem file's model is for; `undefined` if it names none. */
export function filePolicyOf({ session, model }: Problem): Exclude<PolicyName, 'tunables'> | undefined {
  if (model?.server === undefined || model.model === undefined) return undefined;
  if (session.policy !== 'tunables') return session.policy;
  return policyOfServer(model.server) === 'tinker' ? 'tinker' : 'openai';
}

/** The overrides with another proposer, and a method that it can run. */
export function withProposer(
  problem: Problem,
  overrides: SessionOverrides,
  choice: ProposerChoice,
): SessionOverrides {
  const policy =
    choice.kind === 'file' ? filePolicyOf(problem) : choice.kind === 'editor' ? 'openai' : 'tunables';
  const method = overrides.method ?? problem.session.method;
  return {
    ...without(overrides, 'policy', 'model'),
    ...(policy !== undefined && { policy }),
    ...(choice.kind === 'editor' && { model: editorModel(problem, choice.modelName) }),
    method: policy === undefined || methodsOf(policy).includes(method) ? method : 'puct',
  };
}

function without(
  overrides: SessionOverrides,
  ...keys: readonly (keyof SessionOverrides)[]
): SessionOverrides {
  return Object.fromEntries(
    Object.entries(overrides).filter(([key]) => !keys.some((other) => other === key)),
  );
}

/** Requests at once: plans for editors allow few. */
const editorRequestConcurrency = 4;

/** Nobody says what a token of it costs: a money limit of the file, which cannot be taken away, then never ends the session. */
function editorModel({ model, session }: Problem, modelName: string): Partial<ModelSettings> {
  return {
    server: serverWords.vscode,
    model: modelName,
    requestConcurrency: model?.requestConcurrency ?? editorRequestConcurrency,
    ...(session.maxCostUsd !== undefined && { prices: { prompt: 0, sample: 0, train: 0 } }),
  };
}

/** A number of the session that the user may set before the start. */
export interface Amount {
  readonly key: 'steps' | 'groups' | 'groupSize' | 'maxTimeMs' | 'maxEvaluations' | 'maxCostUsd';
  readonly label: string;
  readonly prompt: string;
  /** What one of the user's numbers is in the session's unit. */
  readonly unit: number;
  /** Words for a value; for none where it is a limit. */
  readonly words: (value: number | undefined) => string;
  /** True where an empty answer means no limit of the user's own. */
  readonly isLimit: boolean;
}

const count = (value: number | undefined): string => value?.toLocaleString('en-US') ?? t('no limit');

export const amounts: readonly Amount[] = [
  {
    key: 'steps',
    get label() {
      return t('Steps');
    },
    get prompt() {
      return t('Rounds of proposing, evaluating and training');
    },
    unit: 1,
    words: count,
    isLimit: false,
  },
  {
    key: 'groups',
    get label() {
      return t('Groups');
    },
    get prompt() {
      return t('Parents a step, each with one group of candidates');
    },
    unit: 1,
    words: count,
    isLimit: false,
  },
  {
    key: 'groupSize',
    get label() {
      return t('Group size');
    },
    get prompt() {
      return t('Candidates a parent, at least 3');
    },
    unit: 1,
    words: count,
    isLimit: false,
  },
  {
    key: 'maxTimeMs',
    get label() {
      return t('Time limit');
    },
    get prompt() {
      return t('Most wall time in minutes; empty for what the problem file says');
    },
    unit: 60_000,
    words: (value) => (value === undefined ? t('no limit') : durationText(value)),
    isLimit: true,
  },
  {
    key: 'maxEvaluations',
    get label() {
      return t('Evaluation limit');
    },
    get prompt() {
      return t('Most evaluations; empty for what the problem file says');
    },
    unit: 1,
    words: count,
    isLimit: true,
  },
  {
    key: 'maxCostUsd',
    get label() {
      return t('Cost limit');
    },
    get prompt() {
      return t("Most US dollars, by the model's prices; empty for what the problem file says");
    },
    unit: 1,
    words: (value) => (value === undefined ? t('no limit') : usdText(value)),
    isLimit: true,
  },
];

/** What is wrong with the user's number; `undefined` if nothing is. */
export function amountError({ key, unit, isLimit }: Amount, text: string): string | undefined {
  if (text.trim() === '') return isLimit ? undefined : t('A number is needed here.');
  const parsed = sessionOptions.shape[key].safeParse(Number(text) * unit);
  if (parsed.success) return undefined;
  return key === 'groupSize'
    ? t('A whole number from 3.')
    : unit === 1 && key !== 'maxCostUsd'
      ? t('A whole number from 1.')
      : t('A number above 0.');
}

/** The overrides with the user's number, which `amountError` has passed. */
export function withAmount(
  overrides: SessionOverrides,
  { key, unit }: Amount,
  text: string,
): SessionOverrides {
  const others = without(overrides, key);
  return text.trim() === '' ? others : { ...others, [key]: Number(text) * unit };
}

export const methodWords: Readonly<Record<Method, string>> = {
  get 'ttt-discover'() {
    return t('searches, and trains the policy on the way');
  },
  get puct() {
    return t('searches from the best candidates, without training');
  },
  get 'best-of-n'() {
    return t('samples from the initial program alone, without search or training');
  },
};

/** `values for marked literals`, `openai/gpt-oss-20b at skyrl, trained` … */
export function proposerWords({
  policy,
  method,
  model,
}: Pick<SessionOptions, 'policy' | 'method' | 'model'>): string {
  if (policy === 'tunables') return t('values for marked literals');
  if (model === undefined) return t('no model is named');
  const where = model.server === serverWords.vscode ? t('of this editor') : t('at {0}', model.server);
  return `${model.model} ${where}, ${method === 'ttt-discover' ? t('trained') : t('frozen')}`;
}
