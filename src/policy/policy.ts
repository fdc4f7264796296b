import type { JsonValue } from '../domain/json';
import type { Random } from '../domain/random';

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
  /** What `update` needs again; it goes through the journal. */
  readonly trace?: JsonValue;
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

/** Proposes candidates, and may learn from their rewards. */
export interface Policy {
  /** Yields each member once, in any order, as it becomes ready. Throws on cancellation and on errors the user must see. */
  propose(request: GroupRequest, signal: AbortSignal): AsyncIterable<Proposal>;
  /** One training update over a whole step; constant-reward groups are already taken out. */
  update(groups: readonly RolloutGroup[], signal: AbortSignal): Promise<Readonly<Record<string, number>>>;
  /** All that `restore` needs to go on from here. */
  save(): JsonValue;
  restore(saved: JsonValue): void;
}
