import { policyKeys, type PolicyKeySpec } from '../problem/policyKeys';
import type { AdvantageEstimator, Method, PolicyName } from '../problem/problem';
import { pricesInUse } from './cost';
import { serverWords, type ModelSettings } from './modelSettings';

/** What was chosen for a session, as far as its parts can be at odds with each other. */
export interface SessionChoice {
  readonly policy: PolicyName;
  readonly method: Method;
  readonly groupSize: number;
  readonly model?: Partial<ModelSettings> | undefined;
  readonly maxStepsOffPolicy?: number | undefined;
  readonly advantage?: AdvantageEstimator | undefined;
  readonly entropicBeta?: number | undefined;
  readonly maxTokens?: number | undefined;
  readonly maxCostUsd?: number | undefined;
}

/** One thing that does not fit. `keys` are paths in the problem file: it shows at the first of them that is there. */
export interface Complaint {
  readonly keys: readonly string[];
  readonly severity: 'error' | 'warning';
  readonly code: 'missing-model' | 'contradiction' | 'unused-key' | 'no-price';
  readonly message: string;
}

/** The policy that a word for a server stands for; undefined for an address, which may be of either kind. */
export function policyOfServer(server: string | undefined): PolicyName | undefined {
  if (server === serverWords.skyrl || server === serverWords.tinker) return 'tinker';
  return server === serverWords.vscode ? 'openai' : undefined;
}

/** The method of a policy when none is given. */
export function defaultMethodOf(policy: PolicyName): Method {
  return policy === 'openai' ? 'puct' : 'ttt-discover';
}

/**
 * Everything that does not fit together. A missing server or model is a warning, because both can be chosen at the start; who
 * resolves the choice for good takes it for an error.
 */
export function complaintsAbout(choice: SessionChoice): readonly Complaint[] {
  return [
    ...missingModel(choice),
    ...wrongServer(choice),
    ...wrongWay(choice),
    ...wrongModel(choice),
    ...wrongMethod(choice),
    ...wrongNumbers(choice),
    ...wrongOffPolicy(choice),
    ...wrongAdvantage(choice),
    ...wrongBudgets(choice),
    ...unusedKeys(choice),
  ];
}

function missingModel({ policy, model }: SessionChoice): Complaint[] {
  if (policy === 'tunables') return [];
  const missing = (['server', 'model'] as const).filter((key) => model?.[key] === undefined);
  const examples = {
    server: policy === 'tinker' ? 'server: skyrl' : 'server: "http://127.0.0.1:8000/v1"',
    model: 'model: openai/gpt-oss-20b',
  };
  if (missing.length === 0) return [];
  const keys = missing.map((key) => `policy.${key}`).join(' and ');
  const write = missing.map((key) => examples[key]).join(', ');
  const message = `The policy ${policy} needs ${keys}: write policy: { ${write} }, or choose at the start.`;
  return [{ keys: ['session.policy', 'policy'], severity: 'warning', code: 'missing-model', message }];
}

function wrongServer({ policy, model }: SessionChoice): Complaint[] {
  const server = model?.server;
  const meant = policyOfServer(server);
  if (server === undefined || meant === undefined || policy === 'tunables' || meant === policy) return [];
  const why =
    meant === 'openai'
      ? `A language model of the editor cannot be trained: write session.policy: openai, or another server.`
      : `The policy openai asks a chat endpoint, and ${server} is a server that trains: write session.policy: tinker, or the address of a chat endpoint.`;
  return [contradiction(['session.policy', 'policy.server'], why)];
}

function wrongWay({ policy, model }: SessionChoice): Complaint[] {
  if (policy === 'tunables' || model?.reachedFrom !== 'editor') return [];
  const keys = ['policy.reachedFrom'];
  switch (model.server) {
    case serverWords.skyrl:
      return [
        contradiction(
          keys,
          "A SkyRL server that is started on the session's host is reached from there: leave the line out, or write the address of a server of yours.",
        ),
      ];
    case serverWords.tinker:
      return [contradiction(keys, 'Hosted Tinker is reached from the host alone: leave the line out.')];
    case serverWords.vscode: {
      const message = 'A language model of the editor is reached from there in any case: leave the line out.';
      return [{ keys, severity: 'warning', code: 'unused-key', message }];
    }
    default:
      return [];
  }
}

function wrongModel({ model }: SessionChoice): Complaint[] {
  if (model?.server !== serverWords.tinker || model.model?.startsWith('/') !== true) return [];
  const message =
    'Hosted Tinker knows models by their names, not by a folder: write model: openai/gpt-oss-20b.';
  return [contradiction(['policy.model'], message)];
}

function wrongMethod({ policy, method, model }: SessionChoice): Complaint[] {
  if (policy === 'openai' && method === 'ttt-discover') {
    const what = model?.server === serverWords.vscode ? 'of the editor' : 'behind a chat endpoint';
    const message = `A model ${what} cannot be trained: write method: puct or method: best-of-n, or take the policy tinker.`;
    return [contradiction(['session.method', 'session.policy'], message)];
  }
  const temperature = model?.temperature ?? 1;
  if (policy === 'tunables' || temperature === 1) return [];
  const keys = ['policy.temperature'];
  if (temperature === 0) {
    const message = 'At temperature 0 all answers to a prompt are the same: leave the line out.';
    const severity = policy === 'tinker' ? 'error' : 'warning';
    return [{ keys, severity, code: 'contradiction', message }];
  }
  if (policy !== 'tinker' || method !== 'ttt-discover') return [];
  const message =
    'Training is exact at temperature 1 alone, because servers give the probabilities of that: leave the line out.';
  return [{ keys, severity: 'warning', code: 'contradiction', message }];
}

function wrongNumbers({ policy, groupSize, model }: SessionChoice): Complaint[] {
  const complaints: Complaint[] = [];
  const { firstPhaseTokens, contextTokens, maxTokens, samplesPerRequest } = model ?? {};
  if (maxTokens !== undefined && contextTokens !== undefined && maxTokens >= contextTokens) {
    const message = `"policy.maxTokens" must leave room for the prompt: write less than contextTokens, ${contextTokens}.`;
    complaints.push(contradiction(['policy.maxTokens'], message));
  }
  if (firstPhaseTokens !== undefined && contextTokens !== undefined && firstPhaseTokens >= contextTokens) {
    const message = `"policy.firstPhaseTokens" must leave room for the final answer: write less than contextTokens, ${contextTokens}.`;
    complaints.push(contradiction(['policy.firstPhaseTokens'], message));
  }
  if (policy === 'tinker' && samplesPerRequest !== undefined && samplesPerRequest > groupSize) {
    const message = `A group has ${groupSize} candidates (session.groupSize), so no request has more: write samplesPerRequest: ${groupSize} or less.`;
    complaints.push({
      keys: ['policy.samplesPerRequest'],
      severity: 'warning',
      code: 'contradiction',
      message,
    });
  }
  return complaints;
}

function wrongOffPolicy({ policy, maxStepsOffPolicy, model }: SessionChoice): Complaint[] {
  if (maxStepsOffPolicy === undefined || maxStepsOffPolicy === 0) return [];
  const keys = ['session.maxStepsOffPolicy'];
  if (policy !== 'tinker') return [unused(keys, '"session.maxStepsOffPolicy"', policy)];
  if (model?.server !== serverWords.skyrl || model.backend !== 'jax') return [];
  const message =
    "SkyRL's jax backend samples with the weights that it trains, so no step can be sampled with older ones: write maxStepsOffPolicy: 0.";
  return [contradiction(keys, message)];
}

function wrongAdvantage({ advantage, entropicBeta }: SessionChoice): Complaint[] {
  if (advantage === 'entropic' && entropicBeta === undefined) {
    const message = '"advantage: entropic" needs its β: add entropicBeta: 2.';
    return [contradiction(['session.advantage'], message)];
  }
  if (advantage === 'entropic' || entropicBeta === undefined) return [];
  const message = '"session.entropicBeta" is for advantage: entropic alone: remove it, or add that line.';
  return [{ keys: ['session.entropicBeta'], severity: 'warning', code: 'unused-key', message }];
}

function wrongBudgets({ policy, method, maxTokens, maxCostUsd, model }: SessionChoice): Complaint[] {
  if (policy === 'tunables') {
    return [
      ...(maxTokens === undefined ? [] : [unused(['session.maxTokens'], '"session.maxTokens"', policy)]),
      ...(maxCostUsd === undefined ? [] : [unused(['session.maxCost'], '"session.maxCost"', policy)]),
    ];
  }
  const { server, model: name, prices } = model ?? {};
  const complaints: Complaint[] = [];
  const isKnown =
    prices !== undefined ||
    (server !== undefined && name !== undefined && pricesInUse({ server, model: name }) !== undefined);
  if (maxCostUsd !== undefined && server !== undefined && name !== undefined && !isKnown) {
    complaints.push({
      keys: ['session.maxCost', 'policy.model'],
      severity: 'error',
      code: 'no-price',
      message: `No prices of ${name} at this server are known, so "session.maxCost" could never end the session: add policy.prices, for example { prompt: 0.33, sample: 0.84, train: 0.737 }, or use session.maxTokens.`,
    });
  }
  if (
    policy === 'tinker' &&
    method === 'ttt-discover' &&
    prices !== undefined &&
    prices.train === 0 &&
    prices.sample > 0
  ) {
    const message = 'Training counts as free: add train to policy.prices.';
    complaints.push({ keys: ['policy.prices'], severity: 'warning', code: 'no-price', message });
  }
  return complaints;
}

function unusedKeys({ policy, model }: SessionChoice): Complaint[] {
  if (model === undefined) return [];
  if (policy === 'tunables') {
    const message =
      'The policy tunables uses no model, so "policy" does nothing: remove it, or set session.policy to openai or tinker.';
    return [{ keys: ['policy'], severity: 'warning', code: 'unused-key', message }];
  }
  const keys: readonly PolicyKeySpec[] = policyKeys;
  return keys.flatMap(({ name, usedBy }): Complaint[] => {
    if (usedBy === undefined || !(name in model)) return [];
    const path = `policy.${name}`;
    if (usedBy !== 'skyrl') return usedBy === policy ? [] : [unused([path], `"${path}"`, policy)];
    if (policy === 'tinker' && (model.server === undefined || model.server === serverWords.skyrl)) return [];
    const message = `"${path}" is for a SkyRL server that is started on the host: remove it, or write server: skyrl.`;
    return [{ keys: [path], severity: 'warning', code: 'unused-key', message }];
  });
}

function unused(keys: readonly string[], what: string, policy: PolicyName): Complaint {
  const message = `${what} does nothing with the policy ${policy}: remove it.`;
  return { keys, severity: 'warning', code: 'unused-key', message };
}

function contradiction(keys: readonly string[], message: string): Complaint {
  return { keys, severity: 'error', code: 'contradiction', message };
}
