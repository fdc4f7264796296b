import * as z from 'zod';
import type { Limits, Method, PolicyName, Problem } from '../problem/problem';
import { jobsAtOnce } from '../problem/slurmSettings';
import { evaluationsPerGpu } from './gpuRoom';
import { isServer, modelSettings, type ModelSettings } from './modelSettings';
import type { SessionOptions, SessionOverrides } from './options';
import { complaintsAbout, defaultMethodOf, policyOfServer } from './settingsRules';
import { withoutAbsent } from '../withoutAbsent';

/** What was chosen for a session is not enough, or does not fit together. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(
    message: string,
    readonly advice: string,
  ) {
    super(message);
  }
}

const changeIt =
  'Change it in the problem file, or choose otherwise at the start: ttt-discover run --help lists the flags, and --set takes each key.';

/** What the host gives where nobody chose. */
export interface HostDefaults {
  readonly randomSeed: number;
  readonly processors: number;
  /** That evaluations may use; absent where none is known. */
  readonly gpus?: number;
  /** Of the smallest of them; absent where one of them does not tell. */
  readonly gpuMemoryBytes?: number;
}

/**
 * What decides how a session runs: the user's choice, else the problem's, else the host's; of the model setting by setting. Prices
 * and tokenizer of the problem file belong to its model, the way to a server to that server; they go when another is chosen. Throws `SettingsError`.
 */
export function resolveOptions(
  problem: Problem,
  overrides: SessionOverrides,
  host: HostDefaults,
): SessionOptions {
  checkChoice(problem, overrides);
  const options = draftOptions(problem, overrides, host);
  const mistakes = complaintsAbout(options).filter(({ severity }) => severity === 'error');
  if (mistakes.length > 0) {
    throw new SettingsError(mistakes.map(({ message }) => message).join('\n'), changeIt);
  }
  return options;
}

/** As `resolveOptions`, for a choice that may not be complete or not fit together yet; a model that cannot be asked is left out. */
export function draftOptions(
  problem: Problem,
  overrides: SessionOverrides,
  host: HostDefaults,
): SessionOptions {
  const { session, limits } = problem;
  const policy = meantPolicy(problem, overrides);
  const model = modelSettings.safeParse(chosenModel(problem.model, overrides.model));
  const atOnce = problem.executor === 'slurm' ? jobsAtOnce : evaluationsAtOnce(limits, host);
  return {
    method: chosenMethod(problem, overrides, policy),
    policy,
    seed: overrides.seed ?? session.seed ?? host.randomSeed,
    steps: overrides.steps ?? session.steps,
    groups: overrides.groups ?? session.groups,
    groupSize: overrides.groupSize ?? session.groupSize,
    concurrency: overrides.concurrency ?? session.concurrency ?? atOnce,
    visits: overrides.visits ?? session.visits ?? 'rollouts',
    ...withoutAbsent({
      maxTimeMs: overrides.maxTimeMs ?? session.maxTimeMs,
      maxEvaluations: overrides.maxEvaluations ?? session.maxEvaluations,
      maxTokens: overrides.maxTokens ?? session.maxTokens,
      maxCostUsd: overrides.maxCostUsd ?? session.maxCostUsd,
      patienceSteps: overrides.patienceSteps ?? session.patienceSteps,
      advantage: overrides.advantage ?? session.advantage,
      entropicBeta: overrides.entropicBeta ?? session.entropicBeta,
      // Never of the problem: its author is not the one whose files are at stake.
      isolation: overrides.isolation,
      maxStepsOffPolicy: overrides.maxStepsOffPolicy ?? session.maxStepsOffPolicy,
      reuse: overrides.reuse ?? session.reuse,
      model: policy === 'tunables' || !model.success ? undefined : model.data,
    }),
  };
}

/** That this host bears and measures right. */
function evaluationsAtOnce(limits: Limits, host: HostDefaults): number {
  const byProcessors = Math.max(1, Math.floor(host.processors / Math.max(1, limits.cpus)));
  if (limits.gpus === 0) return byProcessors;
  const groups = Math.max(1, Math.floor((host.gpus ?? 1) / Math.ceil(limits.gpus)));
  // One program at a time on a GPU measures right whatever its evaluator does; more is the problem's word, or the user's choice.
  return Math.min(byProcessors, groups * (evaluationsPerGpu(limits, host.gpuMemoryBytes) ?? 1));
}

function chosenModel(
  ofProblem: Partial<ModelSettings> | undefined,
  ofUser: SessionOverrides['model'],
): Partial<ModelSettings> {
  const given = withoutAbsent(ofUser ?? {});
  const merged = { ...ofProblem, ...given };
  const isOtherModel = merged.model !== ofProblem?.model;
  const isOtherServer = merged.server !== ofProblem?.server;
  const { prices, tokenizer, reachedFrom, ...rest } = merged;
  return {
    ...rest,
    ...withoutAbsent({
      prices: (isOtherModel || isOtherServer) && given.prices === undefined ? undefined : prices,
      tokenizer: isOtherModel && given.tokenizer === undefined ? undefined : tokenizer,
      reachedFrom: isOtherServer && given.reachedFrom === undefined ? undefined : reachedFrom,
    }),
  };
}

function meantPolicy({ session }: Problem, { policy, model }: SessionOverrides): PolicyName {
  return policy ?? policyOfServer(model?.server) ?? session.policy;
}

/** The method of the problem file is meant for its own policy: where another is chosen that cannot train, it does not hold. */
function chosenMethod({ session }: Problem, overrides: SessionOverrides, policy: PolicyName): Method {
  if (overrides.method !== undefined) return overrides.method;
  const cannotTrain = policy === 'openai' && session.method === 'ttt-discover';
  return policy !== session.policy && cannotTrain ? defaultMethodOf(policy) : session.method;
}

/** Throws `SettingsError` where a model is wanted and the choice does not say which, or cannot be read. */
function checkChoice(problem: Problem, overrides: SessionOverrides): void {
  const policy = meantPolicy(problem, overrides);
  if (policy === 'tunables') {
    if (overrides.policy !== undefined || overrides.model?.server === undefined) return;
    throw new SettingsError(
      'A model server was chosen, and no policy that asks it.',
      'Choose the policy too: --policy openai for a chat endpoint, --policy tinker for a server that trains.',
    );
  }
  checkModel(policy, chosenModel(problem.model, overrides.model));
}

function checkModel(policy: PolicyName, model: Partial<ModelSettings>): void {
  for (const key of ['server', 'model'] as const) {
    if (model[key] !== undefined) continue;
    const what = key === 'server' ? 'a model server' : 'the name of a model';
    throw new SettingsError(
      `The policy ${policy} needs ${what}, and nothing says which.`,
      key === 'server'
        ? 'Give --server (skyrl, tinker, vscode or an address such as http://127.0.0.1:8000/v1), or write policy.server in the problem file.'
        : 'Give --model (as the server calls it), or write policy.model in the problem file.',
    );
  }
  // The address is not repeated: it may hold a key.
  if (!isServer(model.server ?? '')) {
    throw new SettingsError(
      'The model server is no address without user, password and query.',
      'Take skyrl, tinker, vscode or an address such as http://127.0.0.1:8000/v1; keys are given apart from it.',
    );
  }
  const complete = modelSettings.safeParse(model);
  if (complete.success) return;
  throw new SettingsError(`The settings of the model: ${z.prettifyError(complete.error)}`, changeIt);
}
