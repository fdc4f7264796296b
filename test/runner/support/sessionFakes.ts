import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import * as z from 'zod';
import type { JsonValue } from '../../../src/domain/json';
import type { JournalEntry, SessionEvent } from '../../../src/domain/session/events';
import type { SessionOptions } from '../../../src/domain/session/options';
import type {
  EvaluationReport,
  EvaluationRequest,
  Evaluator,
  Preparation,
} from '../../../src/evaluation/evaluator';
import type { GroupRequest, Policy, PolicyUpdate, Proposal, RolloutGroup } from '../../../src/policy/policy';
import { journalEntry } from '../../../src/protocol/journalEntry';
import { sha256Of, type BlobStore } from '../../../src/runner/journal/blobStore';
import type { FinalEvent, PolicyWords, SessionFrame, SessionPorts } from '../../../src/runner/loop/ports';
import { SessionLoop } from '../../../src/runner/loop/sessionLoop';
import { ManualClock } from './manualClock';

/** What survives a killed runner: the disk. */
export class FakeDisk {
  readonly entries: JournalEntry[] = [];
  readonly blobs = new Map<string, string>();
  recordedEnd: FinalEvent | undefined;
  runs = 0;

  get events(): readonly SessionEvent[] {
    return this.entries.map((entry) => entry.event);
  }

  ofType<Type extends SessionEvent['type']>(type: Type): Extract<SessionEvent, { type: Type }>[] {
    return this.events.filter((event): event is Extract<SessionEvent, { type: Type }> => event.type === type);
  }

  blobStore(): BlobStore {
    return {
      write: async (content) => {
        await nextTurn();
        const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
        this.blobs.set(sha256Of(text), text);
        return sha256Of(text);
      },
      readText: (sha256) => {
        const text = this.blobs.get(sha256);
        return text === undefined ? Promise.reject(new Error(`no blob ${sha256}`)) : Promise.resolve(text);
      },
      pathOf: (sha256) => `/blobs/${sha256}`,
    };
  }
}

/** A number in [0, 1) that depends on its arguments alone. */
export function fraction(...parts: readonly (string | number)[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32BE(0) / 2 ** 32;
}

export const defaultOptions: SessionOptions = {
  method: 'ttt-discover',
  policy: 'tunables',
  seed: 7,
  steps: 3,
  groups: 2,
  groupSize: 4,
  concurrency: 3,
  visits: 'rollouts',
};

export function frameOf(options: Partial<SessionOptions> = {}): SessionFrame {
  return {
    sessionId: '01HZZZZZZZZZZZZZZZZZZZZZZZ',
    problem: {
      title: 'A test',
      path: '/problems/test.discover',
      candidate: 'initial.py',
      metric: { name: 'score', goal: 'maximize' },
      references: [],
    },
    options: { ...defaultOptions, ...options },
    initialText: 'x = 1\n',
  };
}

/** Its value depends on the program, the seed and the parent's construction, and it takes its time. About one in six programs fails. */
export class FakeEvaluator implements Evaluator {
  readonly requests: EvaluationRequest[] = [];
  /** What a second run of this program says, in place of what its seed says. */
  strictOutcome: ((text: string) => EvaluationReport['outcome'] | undefined) | undefined;
  running = 0;
  mostRunning = 0;
  /** Resolves evaluations one by one when set; otherwise they end by themselves. */
  gate: (() => Promise<void>) | undefined;
  prepareError: Error | undefined;
  hostError: Error | undefined;
  initialFails = false;
  /** Reports two cases and takes incumbents. */
  races = false;
  takesParent = false;

  isolation: Preparation['isolation'] = 'bubblewrap';
  /** Of a cluster: where an evaluation runs. */
  nodeOf: ((request: EvaluationRequest) => EvaluationReport['node']) | undefined;

  prepare(onProgress: (message: string) => void): Promise<Preparation> {
    onProgress('Preparing the environment');
    return this.prepareError === undefined
      ? Promise.resolve({ isolation: this.isolation })
      : Promise.reject(this.prepareError);
  }

  async evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<EvaluationReport> {
    this.requests.push(request);
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    try {
      const turns = Math.floor(fraction('turns', request.id, request.candidateText) * 4);
      for (let turn = 0; turn <= turns; turn += 1) await nextTurn();
      if (this.gate !== undefined && !signal.aborted) {
        await Promise.race([
          this.gate(),
          new Promise((resolve) => {
            signal.addEventListener('abort', resolve);
          }),
        ]);
      }
      signal.throwIfAborted();
      if (this.hostError !== undefined) throw this.hostError;
      const node = this.nodeOf?.(request);
      return { ...this.#report(request), ...(node === undefined ? {} : { node }) };
    } finally {
      this.running -= 1;
    }
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  /** Those of every candidate, without second runs. */
  get firstRuns(): readonly EvaluationRequest[] {
    return this.requests.filter(({ strict }) => strict !== true);
  }

  #report({ candidateText, seed, parentState, strict }: EvaluationRequest): EvaluationReport {
    const given = strict === true ? this.strictOutcome?.(candidateText) : undefined;
    if (given !== undefined) return { outcome: given, durationMs: 1 };
    const isInitial = candidateText === 'x = 1\n';
    const luck = fraction('luck', candidateText, seed);
    if (isInitial ? this.initialFails : luck < 0.16) {
      return { outcome: { kind: 'failed', reason: 'crashed', message: 'It crashed.' }, durationMs: 1 };
    }
    const value =
      fraction('value', candidateText, seed) + (parentState === undefined ? 0 : Number(parentState));
    const state = String(Math.round(value * 10) / 10);
    const outcome = { kind: 'valid' as const, metrics: { score: value }, value, reward: value };
    const cases = [1, 2].map((seedOfCase) => ({
      name: `seed ${seedOfCase}`,
      verdict: 'passed' as const,
      value: value + seedOfCase,
    }));
    return {
      outcome: { ...outcome, stateSha256: sha256Of(state) },
      state,
      durationMs: 1,
      ...(this.races ? { cases } : {}),
    };
  }
}

/** What it proposes depends on all that it learned, so a policy that is restored wrongly shows. */
export class FakePolicy implements Policy {
  #learned = 0;
  proposeError: Error | undefined;
  updateError: Error | undefined;
  disposed = 0;
  readonly requests: GroupRequest[] = [];

  /** `failureShare`: of its answers, how many are no programs. */
  constructor(private readonly failureShare = 0) {}

  async *propose(request: GroupRequest, signal: AbortSignal): AsyncGenerator<Proposal, void, undefined> {
    this.requests.push(request);
    // In an order of its own, and one after the other.
    const members = [...request.members].sort(
      (a, b) => fraction(request.step, request.group, a) - fraction(request.step, request.group, b),
    );
    for (const member of members) {
      await nextTurn();
      signal.throwIfAborted();
      if (this.proposeError !== undefined) throw this.proposeError;
      const drawn = request.random(member).uniform();
      yield {
        member,
        text: `${request.parent.text.slice(0, 40)}# ${drawn} ${this.#learned} ${request.parent.value ?? 'none'}\n`,
        note: `drew ${drawn}`,
        trace: { drawn },
        usage: { promptTokens: 10, sampledTokens: 5 },
        ...(drawn < this.failureShare ? { failure: `No program in answer ${drawn}.` } : {}),
      };
    }
  }

  async update(groups: readonly RolloutGroup[]): Promise<PolicyUpdate> {
    await nextTurn();
    if (this.updateError !== undefined) throw this.updateError;
    for (const group of groups) {
      for (const { advantage, member, trace } of group.rollouts) {
        this.#learned = fraction(this.#learned, group.group, member, advantage, JSON.stringify(trace));
      }
    }
    return { gauges: { learned: this.#learned, broken: Number.NaN }, usage: { trainedTokens: 100 } };
  }

  async dispose(): Promise<void> {
    await nextTurn();
    this.disposed += 1;
  }

  save(): JsonValue {
    return { learned: this.#learned };
  }

  restore(saved: JsonValue): void {
    this.#learned = z.object({ learned: z.number() }).parse(saved).learned;
  }
}

export class KilledError extends Error {}

export interface FakeRun {
  readonly loop: SessionLoop;
  readonly evaluator: FakeEvaluator;
  readonly policies: FakePolicy[];
}

export interface FakeRunOptions {
  readonly frame?: SessionFrame;
  readonly clock?: ManualClock;
  /** The process dies when it tries to write one entry more. */
  readonly entriesBeforeKill?: number;
  readonly onEntry?: (entry: JournalEntry, run: FakeRun) => void;
  /** Asked before each entry; it may throw as the disk does. */
  readonly beforeAppend?: (event: SessionEvent, fromReserve: boolean) => void;
  readonly makeReserve?: () => void;
  readonly recover?: SessionPorts['recover'];
  /** Of the policy's answers, how many are no programs. */
  readonly failureShare?: number;
  readonly policy?: () => FakePolicy;
  /** What the policy says when it is made. */
  readonly greet?: (words: PolicyWords) => void;
  readonly configure?: (run: FakeRun) => void;
}

/** A runner process over a disk. */
export function fakeRun(disk: FakeDisk, options: FakeRunOptions = {}): FakeRun {
  disk.runs += 1;
  const run = disk.runs;
  const clock = options.clock ?? new ManualClock();
  const evaluator = new FakeEvaluator();
  const policies: FakePolicy[] = [];
  let left = options.entriesBeforeKill ?? Number.POSITIVE_INFINITY;
  const append = (event: SessionEvent, fromReserve: boolean): JournalEntry => {
    options.beforeAppend?.(event, fromReserve);
    if (left <= 0) throw new KilledError('killed');
    left -= 1;
    const seq = disk.entries.length + 1;
    const entry: JournalEntry = { seq, t: clock.wallMs(), m: clock.monotonicMs(), run, event };
    // What is kept is what JSON keeps.
    disk.entries.push(journalEntry.parse(JSON.parse(JSON.stringify(entry))));
    return entry;
  };
  const ports: SessionPorts = {
    clock,
    journal: {
      append: (event) => append(event, false),
      appendFromReserve: (event) => append(event, true),
      makeReserve: options.makeReserve ?? (() => undefined),
    },
    candidates: disk.blobStore(),
    states: disk.blobStore(),
    policyStates: disk.blobStore(),
    evaluator,
    createPolicy: (words) => {
      options.greet?.(words);
      const policy = options.policy?.() ?? new FakePolicy(options.failureShare);
      policies.push(policy);
      return policy;
    },
    recordEnd: (event) => {
      disk.recordedEnd = event;
    },
    recordedEnd: () => disk.recordedEnd,
    ...(options.recover === undefined ? {} : { recover: options.recover }),
    onEntry: (entry) => options.onEntry?.(entry, fake),
    log: () => undefined,
  };
  const facts = { pid: 1, hostName: 'host', runnerVersion: 'test' };
  const loop = new SessionLoop(ports, options.frame ?? frameOf(), facts, [...disk.entries]);
  const fake = { loop, evaluator, policies };
  options.configure?.(fake);
  return fake;
}
