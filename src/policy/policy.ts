import type { JsonValue } from '../domain/json';
import type { Random } from '../domain/random';
import type { PolicyClock } from './clock';

/** A candidate to start from. */
export interface Parent {
  readonly candidate: number;
  readonly text: string;
  /** The metric, in its own unit and direction; absent if the parent has none. */
  readonly value?: number;
  /** The metric of the candidate that the parent was made from; absent if that has none. */
  readonly previousValue?: number;
  /** The evaluator's words about the parent's run. */
  readonly feedback?: string;
  /** True if the parent's run left a construction that its children start from. */
  readonly hasState?: boolean;
}

export interface GroupRequest {
  readonly step: number;
  readonly group: number;
  readonly parent: Parent;
  /** The members wanted, each once: all of the group, or after a restart those that the journal does not have. */
  readonly members: readonly number[];
  /** What a person said to steer, oldest first; the same for the whole step. Policies without a language model ignore it. */
  readonly notes?: readonly string[];
  /** The random source of one member: the same numbers for the same (seed, step, group, member), whoever asks and when. */
  random(member: number): Random;
}

export interface Proposal {
  readonly member: number;
  readonly text: string;
  /**
   * One sentence: why this is no program, for example an answer without a code block. `text` is then what the policy got
   * instead; it need not be evaluated, as it fails in any case.
   */
  readonly failure?: string;
  /** In a few words, what was changed. */
  readonly note?: string;
  /** What `update` needs again; it goes through the journal, so anything long goes into a blob and its address in here. */
  readonly trace?: JsonValue;
  /** What the answer took. Prompt tokens that several proposals share are counted at one of them. */
  readonly usage?: { readonly promptTokens: number; readonly sampledTokens: number };
}

/** A member of a group after its evaluation. */
export interface Rollout {
  readonly member: number;
  readonly trace?: JsonValue;
  readonly reward: number;
  readonly advantage: number;
}

export interface RolloutGroup {
  readonly step: number;
  readonly group: number;
  readonly parent: Parent;
  readonly rollouts: readonly Rollout[];
}

/** What an update did. */
export interface PolicyUpdate {
  readonly gauges: Readonly<Record<string, number>>;
  /** `promptTokens`: read again to score them, for the KL penalty. */
  readonly usage?: { readonly trainedTokens: number; readonly promptTokens?: number };
}

/** Proposes candidates, and may learn from their rewards. */
export interface Policy {
  /**
   * Yields each member once, in any order, as it becomes ready. Throws on cancellation and on errors the user must see. The
   * first call may take minutes (a server starts, a model is loaded); it says so through its ports.
   */
  propose(request: GroupRequest, signal: AbortSignal): AsyncIterable<Proposal>;
  /**
   * Ends a step. With `train`, one training update over its groups, of which constant-reward ones are already taken out;
   * else nothing is learned and `groups` is empty. Gives the numbers of the step's proposals either way.
   */
  update(
    groups: readonly RolloutGroup[],
    options: { readonly train: boolean },
    signal: AbortSignal,
  ): Promise<PolicyUpdate>;
  /** All that `restore` needs to go on from here. */
  save(): JsonValue;
  /** Before anything else, on a policy that has learned nothing. */
  restore(saved: JsonValue): void;
  /** Lets go of what the policy holds elsewhere: models on a server, connections. Bounded in time; never rejects. */
  dispose(): Promise<void>;
}

/** Where the session's model server is, and what opens it. Asked anew whenever a connection is made. */
export interface ModelEndpoint {
  /** Base address; for the Tinker API without `/api/v1`, for chat as its server gives it, such as `http://127.0.0.1:8000/v1`. */
  readonly url: string;
  /** Asked before each request, so that a key can be renewed; without a result where the server needs none. In memory alone. */
  key(): Promise<string | undefined>;
}

/** What policies with a language model need from around them. */
export interface ModelPorts {
  readonly clock: PolicyClock;
  /** May take minutes where a server is started for it. Throws errors with `advice`. */
  endpoint(signal: AbortSignal): Promise<ModelEndpoint>;
  /** Long data on the session's host, by content: samples with their log-probabilities. */
  readonly blobs: {
    write(content: Uint8Array): Promise<string>;
    /** Rejects if it is missing or damaged. */
    read(sha256: string): Promise<Uint8Array>;
    /** What is not there is no error. */
    remove(sha256: string): Promise<void>;
  };
  /** A folder on the session's host for files that can be made again (tokenizers). */
  readonly cachePath: string;
  /** Into the journal, for people. */
  progress(message: string): void;
  /** Into the journal; see `policy.ready`. */
  ready(facts: Readonly<Record<string, JsonValue>>, durationMs: number): void;
  /** Into the journal; `message` names cause and remedy. */
  warn(code: string, message: string): void;
  /** For the log alone. Keys are taken out. */
  log(message: string, error?: unknown): void;
  /** The facts of the session's last `policy.ready`, of a runner that may have been killed; absent for the first. */
  readonly previous?: Readonly<Record<string, JsonValue>>;
}
