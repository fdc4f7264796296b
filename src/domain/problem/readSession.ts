import {
  answerForms,
  chatFormats,
  reasoningEfforts,
  serverReaches,
  skyrlBackends,
  wires,
  type ModelSettings,
  type TokenPrices,
} from '../session/modelSettings';
import { withoutAbsent } from '../withoutAbsent';
import { choiceOf, numberOf, textOf, timeOf } from './fieldValues';
import { policyKeys, priceKeys } from './policyKeys';
import { booleanOf, jsonMappingOf, serverOf } from './policyValues';
import { advantageEstimators, methods, policies, visitCounts, type SessionDefaults } from './problem';
import { sessionKeys } from './sessionKeys';
import type { Field, YamlFields } from './yamlFields';

/** What `session:` says, and nothing that it does not say. */
export function readSession(fields: YamlFields, field: Field | undefined): Partial<SessionDefaults> {
  const keys = fields.sectionOf(field, sessionKeys)?.fields;
  return withoutAbsent({
    method: choiceOf(fields, keys?.get('method'), methods),
    policy: choiceOf(fields, keys?.get('policy'), policies),
    steps: numberOf(fields, keys?.get('steps')),
    groups: numberOf(fields, keys?.get('groups')),
    groupSize: numberOf(fields, keys?.get('groupSize')),
    maxTimeMs: timeOf(fields, keys?.get('maxTime')),
    maxEvaluations: numberOf(fields, keys?.get('maxEvaluations')),
    maxTokens: numberOf(fields, keys?.get('maxTokens')),
    maxCostUsd: numberOf(fields, keys?.get('maxCost')),
    patienceSteps: numberOf(fields, keys?.get('patience')),
    concurrency: numberOf(fields, keys?.get('concurrency')),
    seed: numberOf(fields, keys?.get('seed')),
    visits: choiceOf(fields, keys?.get('visits'), visitCounts),
    advantage: choiceOf(fields, keys?.get('advantage'), advantageEstimators),
    entropicBeta: numberOf(fields, keys?.get('entropicBeta')),
    maxStepsOffPolicy: numberOf(fields, keys?.get('maxStepsOffPolicy')),
    reuse: booleanOf(fields, keys?.get('reuse')),
  });
}

/** What `policy:` says, and nothing that it does not say. */
export function readModel(fields: YamlFields, field: Field | undefined): Partial<ModelSettings> {
  const keys = fields.sectionOf(field, policyKeys)?.fields;
  return withoutAbsent({
    server: serverOf(fields, keys?.get('server')),
    reachedFrom: choiceOf(fields, keys?.get('reachedFrom'), serverReaches),
    model: textOf(fields, keys?.get('model')),
    answer: choiceOf(fields, keys?.get('answer'), answerForms),
    temperature: numberOf(fields, keys?.get('temperature')),
    maxTokens: numberOf(fields, keys?.get('maxTokens')),
    requestConcurrency: numberOf(fields, keys?.get('requestConcurrency')),
    requestTimeoutMs: timeOf(fields, keys?.get('requestTimeout')),
    maxPromptCharacters: numberOf(fields, keys?.get('maxPromptCharacters')),
    maxFeedbackCharacters: numberOf(fields, keys?.get('maxFeedbackCharacters')),
    prices: readPrices(fields, keys?.get('prices')),
    stream: booleanOf(fields, keys?.get('stream')),
    sendSeed: booleanOf(fields, keys?.get('sendSeed')),
    contextTokens: numberOf(fields, keys?.get('contextTokens')),
    firstPhaseTokens: numberOf(fields, keys?.get('firstPhaseTokens')),
    chatFormat: choiceOf(fields, keys?.get('chatFormat'), chatFormats),
    reasoning: choiceOf(fields, keys?.get('reasoning'), reasoningEfforts),
    thinking: booleanOf(fields, keys?.get('thinking')),
    tokenizer: textOf(fields, keys?.get('tokenizer')),
    samplesPerRequest: numberOf(fields, keys?.get('samplesPerRequest')),
    loraRank: numberOf(fields, keys?.get('loraRank')),
    learningRate: numberOf(fields, keys?.get('learningRate')),
    klCoefficient: numberOf(fields, keys?.get('klCoefficient')),
    checkpointEvery: numberOf(fields, keys?.get('checkpointEvery')),
    wire: choiceOf(fields, keys?.get('wire'), wires),
    backend: choiceOf(fields, keys?.get('backend'), skyrlBackends),
    gpus: numberOf(fields, keys?.get('gpus')),
    backendConfig: jsonMappingOf(fields, keys?.get('backendConfig')),
    keepWarm: booleanOf(fields, keys?.get('keepWarm')),
  });
}

function readPrices(fields: YamlFields, field: Field | undefined): TokenPrices | undefined {
  const keys = fields.sectionOf(field, priceKeys)?.fields;
  const prompt = numberOf(fields, keys?.get('prompt'));
  const sample = numberOf(fields, keys?.get('sample'));
  const train = numberOf(fields, keys?.get('train'));
  return prompt === undefined || sample === undefined ? undefined : { prompt, sample, train: train ?? 0 };
}
