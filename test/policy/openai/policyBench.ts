import { onTestFinished } from 'vitest';
import { languageOf } from '../../../src/domain/problem/language';
import { keyedRandom } from '../../../src/domain/keyedRandom';
import { defaultLimits } from '../../../src/domain/problem/problem';
import type { GroupRequest, Policy, Proposal } from '../../../src/policy/policy';
import { createOpenAiPolicy, type OpenAiPolicySetup } from '../../../src/policy/openai/openAiPolicy';
import { defaultOpenAiSettings, type OpenAiSettings } from '../../../src/policy/openai/settings';
import { ChatStub, type ChatCall, type Reply } from './chatStub';
import { HastyClock } from './hastyClock';

/** Of no form that keys are known by: only its being the key gives it away. */
export const secret = 'verysecret0123456789';

export interface Bench {
  readonly stub: ChatStub;
  readonly clock: HastyClock;
  readonly policy: Policy;
}

/** A policy in front of a stub that lives until the test's end. */
export async function benchOf(
  answer: (call: ChatCall) => Reply | Promise<Reply>,
  settings: Partial<OpenAiSettings> = {},
  setup: Partial<OpenAiPolicySetup> = {},
): Promise<Bench> {
  const stub = await ChatStub.start(answer);
  onTestFinished(() => stub.stop());
  const clock = new HastyClock(defaultOpenAiSettings.requestTimeoutMs);
  const policy = createOpenAiPolicy({
    settings: {
      ...defaultOpenAiSettings,
      baseUrl: stub.baseUrl,
      model: 'stub-model',
      apiKey: () => Promise.resolve(secret),
      ...settings,
    },
    facts: {
      statement: 'Print a number.',
      language: languageOf('a.py'),
      metric: { name: 'score', goal: 'maximize' },
      limits: defaultLimits,
      answer: 'program',
      maxCharacters: 100_000,
      maxFeedbackCharacters: 2000,
    },
    initialText: 'print(0)\n',
    method: 'puct',
    clock,
    ...setup,
  });
  return { stub, clock, policy };
}

export function requestOf(members: number, text = 'print(0)\n', step = 0): GroupRequest {
  return {
    step,
    group: 0,
    parent: { candidate: 0, text, value: 0 },
    members: Array.from({ length: members }, (_, member) => member),
    random: (member) => keyedRandom(1, step, member),
  };
}

export async function proposalsOf(
  policy: Policy,
  request: GroupRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<Proposal[]> {
  const proposals: Proposal[] = [];
  for await (const proposal of policy.propose(request, signal)) proposals.push(proposal);
  return proposals;
}

/** What the first member's request ends with. */
export async function errorOf(policy: Policy): Promise<Error> {
  try {
    await proposalsOf(policy, requestOf(1));
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('it proposed');
}
