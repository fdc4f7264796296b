import type { Limits } from '../domain/problem/problem';
import type { CaseResult, FailureReason } from '../domain/session/outcome';
import type { EvaluationRequest } from './evaluator';
import type { ExecutionReport } from './executor';
import type { WorkFolder } from './workFolder';

/** What a method may run beside the defaults of the problem. */
export interface MethodCommand {
  /** Program and arguments; no shell unless named. */
  readonly argv: readonly [string, ...string[]];
  /** Absolute; the copy of the problem's folder by default. */
  readonly cwd?: string;
  /** On top of the environment of every evaluation. */
  readonly env?: Readonly<Record<string, string>>;
  /** In place of the problem's own limits. */
  readonly limits?: Partial<Limits>;
  /** See `ExecutionRequest`. */
  readonly onDescriptor3?: (chunk: Buffer) => void;
  /** See `ExecutionRequest`. */
  readonly input?: Uint8Array;
  /** Asked when it has ended: for how long of its beginning it did nothing but wait, which does not count as evaluating. */
  readonly waitedMs?: () => number;
  /** When it is aborted the command is ended with all that it started, and the call rejects with the signal's reason. */
  readonly stop?: AbortSignal;
}

/** One candidate in its work folder. */
export interface EvaluationRun {
  readonly request: EvaluationRequest;
  readonly work: WorkFolder;
  /** The foreign folder within `work.copy`; absolute. The copy itself where the problem has none. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** GPUs that this evaluation has, as `CUDA_VISIBLE_DEVICES` names them; empty where it asks for none or none is known. */
  readonly gpus: readonly string[];
  /** To be told of time that passed while nothing ran, until GPUs were free for example: it counts as waiting, not as evaluating. */
  readonly onWaited: (ms: number) => void;
  /** Resolves when everything that the command started is gone. Several may run at once. */
  readonly execute: (command: MethodCommand) => Promise<ExecutionReport>;
  /** Tells of one case as soon as it is known. */
  readonly onCase: (result: CaseResult) => void;
}

/** What is there before any candidate. */
export interface PreparationContext {
  /** The foreign folder, which nothing changes; absolute. */
  readonly folder: string;
  /** Of all sessions of this host: what was built from content belongs into a folder named by that content's hash. */
  readonly cacheFolder: string;
  readonly onProgress: (message: string) => void;
  readonly signal: AbortSignal;
  /**
   * Runs in a work folder of its own, which is removed afterwards, with the environment of an evaluation, isolated as one. `isTrusted`: with
   * all rights of the user instead, for building with his own tools what he brought.
   */
  readonly execute: (
    command: MethodCommand & { readonly cwd: string; readonly isTrusted?: boolean },
  ) => Promise<ExecutionReport>;
}

export interface Scored {
  readonly kind: 'scored';
  readonly metrics: Readonly<Record<string, number>>;
  readonly feedback?: string;
  /** Construction, JSON text. */
  readonly state?: string;
  /** Name to path, absolute or relative to the copy. */
  readonly artifacts?: Readonly<Record<string, string>>;
  readonly cases?: readonly CaseResult[];
  /** Of the time that commands ran: how long they waited for their turn. */
  readonly waitedMs?: number;
}

export interface NotScored {
  readonly kind: 'failed';
  readonly reason: FailureReason;
  /** One sentence for people. */
  readonly message: string;
  /** The last part of the run's output. */
  readonly outputTail?: string | undefined;
  readonly cases?: readonly CaseResult[];
  /** As in `Scored`. */
  readonly waitedMs?: number;
}

/** How candidates of one problem are scored. What all methods share (turns, work folders, reward) is `createEvaluator`'s. */
export interface EvaluationMethod {
  /** Throws `EnvironmentError`. */
  prepare?(context: PreparationContext): Promise<void>;
  /** Never throws for what a candidate does. */
  score(run: EvaluationRun): Promise<Scored | NotScored>;
}
