import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { keyedRandom } from '../../../../src/domain/keyedRandom';
import { jsonValue, type JsonValue } from '../../../../src/domain/json';
import {
  defaultLimits,
  defaultSession,
  type Method,
  type Problem,
} from '../../../../src/domain/problem/problem';
import { adaptiveEntropicAdvantages } from '../../../../src/domain/search/advantages';
import type { ModelSettings } from '../../../../src/domain/session/modelSettings';
import type { SessionOptions } from '../../../../src/domain/session/options';
import type { PolicyClock } from '../../../../src/policy/clock';
import type { GroupRequest, ModelPorts, Policy, PolicyUpdate, Proposal } from '../../../../src/policy/policy';
import { createTinkerPolicy } from '../../../../src/policy/tinker/tinkerPolicy';
import { FakeTinkerServer } from '../../../support/fakeTinker/fakeTinkerServer';
import { baseModel, type FakeTinkerOptions, type WireMode } from '../../../support/fakeTinker/state';

export const key = 'tml-SecretKeyOfTheUser_0123456789';
export const never = new AbortController().signal;

/** Letters are the tokens 0 to 7; everything else that is written is token 8. */
export const letters = 'abcdefgh';
const controls = { '<|im_start|>': 9, '<|im_end|>': 10 };
const thinking = { '<think>': 11, '</think>': 12 };

export function tokenizerJson(thinks = false): string {
  const vocab: Record<string, number> = { '<unk>': 8 };
  Array.from(letters).forEach((letter, id) => (vocab[letter] = id));
  return JSON.stringify({
    added_tokens: Object.entries({ ...controls, ...(thinks && thinking) }).map(([content, id]) => ({
      id,
      content,
      special: true,
      normalized: false,
    })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: 'Fuse' },
    model: { type: 'BPE', vocab, merges: [], unk_token: '<unk>' },
  });
}

/** Timers run faster than they say: requests that are repeated need not be waited for. */
export const clockOf = (speed: number): PolicyClock => ({
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now() * speed,
  after: (delayMs, action) => {
    const timer = setTimeout(action, delayMs / speed);
    return () => clearTimeout(timer);
  },
});

export class MemoryBlobs {
  readonly held = new Map<string, Uint8Array>();
  written = 0;
  writeFailure: Error | undefined;

  write = async (content: Uint8Array): Promise<string> => {
    await Promise.resolve();
    if (this.writeFailure !== undefined) throw this.writeFailure;
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.held.set(sha256, content.slice());
    this.written += 1;
    return sha256;
  };
  read = async (sha256: string): Promise<Uint8Array> => {
    await Promise.resolve();
    const content = this.held.get(sha256);
    if (content === undefined) throw new Error(`There is no blob ${sha256}.`);
    return content;
  };
  remove = async (sha256: string): Promise<void> => {
    await Promise.resolve();
    this.held.delete(sha256);
  };
}

/** What a session keeps while its runners come and go. */
export interface Bench {
  readonly server: FakeTinkerServer;
  readonly blobs: MemoryBlobs;
  readonly folder: string;
  readonly progress: string[];
  readonly warnings: { readonly code: string; readonly message: string }[];
  readonly log: string[];
  readonly ready: Readonly<Record<string, JsonValue>>[];
  /** A policy as a new runner makes it, with what the session knows of the last one. */
  readonly policy: (change?: PolicyChange) => Policy;
}

export interface PolicyChange {
  readonly model?: Partial<ModelSettings>;
  readonly method?: Method;
  readonly ports?: Partial<ModelPorts>;
  readonly problem?: Partial<Problem>;
}

export interface BenchOptions {
  readonly mode?: WireMode;
  readonly server?: Partial<FakeTinkerOptions>;
  readonly thinks?: boolean;
}

const problem: Problem = {
  title: 'Letters',
  candidate: 'letters.txt',
  evaluator: { kind: 'command', command: 'true' },
  metric: { name: 'share', goal: 'maximize' },
  environment: { packages: [] },
  limits: defaultLimits,
  references: [],
  session: defaultSession,
  statement: 'Write many e.',
};
export const initialText = 'abc';

export async function benchOf(options: BenchOptions = {}): Promise<Bench> {
  const mode = options.mode ?? 'both';
  const server = await FakeTinkerServer.start({
    mode,
    key,
    vocabulary: options.thinks === true ? 13 : 11,
    ...options.server,
  });
  const folder = mkdtempSync(join(tmpdir(), 'tinker-policy-'));
  writeFileSync(join(folder, 'tokenizer.json'), tokenizerJson(options.thinks));
  const blobs = new MemoryBlobs();
  const bench = {
    progress: [] as string[],
    warnings: [] as { code: string; message: string }[],
    log: [] as string[],
  };
  const ready: Readonly<Record<string, JsonValue>>[] = [];
  const made: Policy[] = [];
  onTestFinished(async () => {
    await Promise.all(made.map((policy) => policy.dispose()));
    await server.close();
    rmSync(folder, { recursive: true });
  });
  return {
    ...bench,
    server,
    blobs,
    folder,
    ready,
    policy: ({ model, method = 'ttt-discover', ports, problem: changes } = {}) => {
      const last = ready.at(-1);
      const settings: ModelSettings = {
        server: mode === 'hosted' ? 'tinker' : 'http://127.0.0.1:1',
        model: baseModel,
        tokenizer: folder,
        answer: 'text',
        maxTokens: 6,
        contextTokens: 100_000,
        samplesPerRequest: 8,
        learningRate: 0.3,
        loraRank: 8,
        ...model,
      };
      const policy = createTinkerPolicy({
        problem: { ...problem, ...changes },
        initialText,
        options: optionsOf(method, settings),
        ports: {
          clock: clockOf(20),
          endpoint: () =>
            Promise.resolve({
              url: server.url,
              key: () => Promise.resolve(mode === 'hosted' ? key : undefined),
            }),
          blobs,
          cachePath: join(folder, 'cache'),
          progress: (message) => bench.progress.push(message),
          ready: (facts) => ready.push(facts),
          warn: (code, message) => bench.warnings.push({ code, message }),
          log: (message, error) =>
            bench.log.push(error instanceof Error ? `${message}: ${error.message}` : message),
          ...(last !== undefined && { previous: last }),
          ...ports,
        },
      });
      made.push(policy);
      return policy;
    },
  };
}

function optionsOf(method: Method, model: ModelSettings): SessionOptions {
  return {
    method,
    policy: 'tinker',
    seed: 5,
    steps: 10,
    groups: 1,
    groupSize: 16,
    concurrency: 1,
    visits: 'rollouts',
    model,
  };
}

export function requestOf(
  step: number,
  members: readonly number[],
  { group = 0, text = initialText }: { readonly group?: number; readonly text?: string } = {},
): GroupRequest {
  return {
    step,
    group,
    parent: { candidate: 0, text, value: 0 },
    members,
    random: (member) => keyedRandom(5, step, group, member),
  };
}

export const membersUpTo = (count: number): number[] => Array.from({ length: count }, (_, member) => member);

export async function proposalsOf(
  policy: Policy,
  request: GroupRequest,
  signal: AbortSignal = never,
): Promise<Proposal[]> {
  const proposals: Proposal[] = [];
  for await (const proposal of policy.propose(request, signal)) proposals.push(proposal);
  return proposals.sort((a, b) => a.member - b.member);
}

/** The share of `e` in an answer; a failure has none. */
export const rewardOf = ({ text, failure }: Pick<Proposal, 'text' | 'failure'>): number =>
  failure === undefined ? (text.split('e').length - 1) / 6 : 0;

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** As the loop keeps them in the journal: traces have been JSON. */
export function learn(
  policy: Policy,
  step: number,
  proposals: readonly Proposal[],
  signal: AbortSignal = never,
): Promise<PolicyUpdate> {
  const rewards = proposals.map(rewardOf);
  const { advantages } = adaptiveEntropicAdvantages(rewards);
  const rollouts = proposals.map(({ member, trace }, index) => ({
    member,
    reward: rewards[index]!,
    advantage: advantages[index]!,
    ...(trace !== undefined && { trace: jsonValue.parse(JSON.parse(JSON.stringify(trace))) }),
  }));
  const parent = { candidate: 0, text: initialText };
  return policy.update([{ step, group: 0, parent, rollouts }], { train: true }, signal);
}

/** What the journal would give back. */
export const saved = (policy: Policy): JsonValue =>
  jsonValue.parse(JSON.parse(JSON.stringify(policy.save())));

export async function errorOf(work: Promise<unknown>): Promise<Error & { advice?: string; code?: string }> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error('it did not fail');
  return outcome;
}
