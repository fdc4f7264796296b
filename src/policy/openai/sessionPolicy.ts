import { serverWords, type ModelSettings } from '../../domain/session/modelSettings';
import { promptFactsOf } from '../../domain/prompt/promptFacts';
import type { PolicySetup, PolicyTask } from '../createPolicy';
import type { Policy } from '../policy';
import { createOpenAiPolicyAt, FrozenModelError } from './openAiPolicy';
import type { ChatSettings } from './servers';
import { checkedBaseUrl, checkRequestSettings, defaultOpenAiSettings, OpenAiSettingsError } from './settings';

/** The frozen policy of a session; its server is found with the first request. Throws as `checkOpenAiTask`. */
export function createSessionOpenAiPolicy(setup: PolicySetup): Policy {
  const { ports } = setup;
  const model = checkOpenAiTask(setup);
  return createOpenAiPolicyAt(ports, {
    settings: chatSettings(model),
    facts: promptFactsOf(setup.problem, model),
    initialText: setup.initialText,
    method: setup.options.method,
    clock: ports.clock,
    onUncounted: () => {
      ports.warn(
        'tokens-not-counted',
        'The model server does not say how many tokens its answers took, so they are not counted: limits of tokens and money cannot end this session. Use limits of evaluations or time.',
      );
    },
  });
}

/** The session's model. Throws `OpenAiSettingsError` and `FrozenModelError`; contacts nobody. */
export function checkOpenAiTask({ options }: PolicyTask): ModelSettings {
  const { model, method } = options;
  if (method === 'ttt-discover') throw new FrozenModelError();
  if (model === undefined) {
    throw new OpenAiSettingsError('The policy openai needs policy.server and policy.model.');
  }
  if (model.server === serverWords.skyrl || model.server === serverWords.tinker) {
    throw new OpenAiSettingsError(
      `The policy openai asks a chat endpoint, and ${model.server} is a server that trains: give the address of a chat endpoint.`,
    );
  }
  const settings = chatSettings(model);
  checkRequestSettings(settings);
  if (model.server !== serverWords.vscode) checkedBaseUrl({ ...settings, baseUrl: model.server });
  return model;
}

function chatSettings(model: ModelSettings): ChatSettings {
  return {
    ...defaultOpenAiSettings,
    model: model.model,
    temperature: model.temperature ?? defaultOpenAiSettings.temperature,
    ...(model.maxTokens !== undefined && { maxTokens: model.maxTokens }),
    requestConcurrency: model.requestConcurrency ?? defaultOpenAiSettings.requestConcurrency,
    requestTimeoutMs: model.requestTimeoutMs ?? defaultOpenAiSettings.requestTimeoutMs,
    stream: model.stream ?? defaultOpenAiSettings.stream,
    sendSeed: model.sendSeed ?? defaultOpenAiSettings.sendSeed,
  };
}
