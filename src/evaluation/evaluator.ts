import type { MachineRecord, ReusedFrom } from '../domain/session/events';
import type { onNodes } from '../domain/session/isolationWords';
import type { CaseResult, EvaluationOutcome } from '../domain/session/outcome';
import type { IsolationKind } from './sandbox/isolation';

export interface EvaluationRequest {
  /** Names the work folder and marks the processes; unique in the session. */
  readonly id: string;
  /** The same for the same evaluation in every run of the session, for evaluators whose work outlives the runner; `id` by default. */
  readonly lastingId?: string;
  readonly candidateText: string;
  /** Construction of the parent, JSON text as the evaluator wrote it. */
  readonly parentState?: string;
  readonly seed: number;
  /**
   * Runs the cases that the folder itself lists in place of those that follow from `seed`, where it has such: to compare with runs of the
   * tool that it was made for.
   */
  readonly officialCases?: boolean;
  /** The evaluator is told to look more closely than it does for every candidate. */
  readonly strict?: boolean;
  /**
   * What this candidate is compared with while it runs, on the same cases (by name): a method that can may stop early when the candidate is
   * clearly worse. Its value is then an estimate, and its feedback says so.
   */
  readonly incumbent?: Incumbent;
  /** Called as soon as a case is known, where the evaluator has cases. */
  readonly onCase?: (result: CaseResult) => void;
  /**
   * The outcome of the same evaluation, if one is known, may be taken in place of a run, and that of this run be taken by others; they will call
   * it by this number of a candidate. Absent where a run is wanted.
   */
  readonly reuse?: { readonly candidate: number };
}

/** A candidate's parent. */
export interface Incumbent {
  /** Under the candidate's seed, for methods that compare case by case. */
  readonly cases?: readonly CaseResult[];
  /** For evaluators that compare by themselves. */
  readonly program?: IncumbentProgram;
}

/** The parent, and what was recorded of it. */
export interface IncumbentProgram {
  readonly text: string;
  /** Of the problem's metric. */
  readonly value: number;
  readonly metrics: Readonly<Record<string, number>>;
}

export interface EvaluationReport {
  readonly outcome: EvaluationOutcome;
  /** Construction that the run produced, JSON text; its content address is `outcome.stateSha256`. */
  readonly state?: string;
  /** Of the commands alone, without the wait for a turn. */
  readonly durationMs: number;
  /** How long it waited for a place to run at, where that is not the runner's own doing. */
  readonly queuedMs?: number;
  /** Whether a process was ready that had the problem's modules imported; absent where it asks for none. */
  readonly isWarm?: boolean;
  /** Nothing was run: all of this is the outcome of the same evaluation. */
  readonly reusedFrom?: ReusedFrom;
  /** Of a cluster, which ran it. */
  readonly node?: EvaluationNode;
  /** In order, where the evaluator has cases. */
  readonly cases?: readonly CaseResult[];
  /** To be called when the report is written down: until then it is kept for a runner that comes after this one. */
  readonly forget?: () => Promise<void>;
}

export interface EvaluationNode {
  readonly name: string;
  readonly isolation: IsolationKind;
}

export interface Preparation {
  /** `on-nodes`: that of the node that runs an evaluation, which its report tells. */
  readonly isolation: IsolationKind | typeof onNodes;
  /** Folder of the Python environment that was made; its name is never used for another one. Absent without one. */
  readonly pythonFolder?: string;
  /** What evaluations run on, where that is known. */
  readonly machine?: MachineRecord;
}

/** Runs one problem's evaluator on candidates. */
export interface Evaluator {
  /** It stops candidates early that are clearly worse than an incumbent; see `EvaluationRequest.incumbent`. */
  readonly races?: boolean;
  /** It is to get the program of the parent, and then compares by itself; see `Incumbent.program`. */
  readonly takesParent?: boolean;
  /** Makes the environment once; later calls with the same packages are instant. Throws `EnvironmentError`. */
  prepare(onProgress: (message: string) => void, signal: AbortSignal): Promise<Preparation>;
  /** Never throws for what a candidate does; throws on cancellation and where the host itself fails (disk full). */
  evaluate(request: EvaluationRequest, signal: AbortSignal): Promise<EvaluationReport>;
  /** Kills what runs and removes work folders. */
  dispose(): Promise<void>;
}

/** Reason of an abort: the runner goes away and the session does not end, so what works elsewhere may go on. */
export class LeavingError extends Error {
  override readonly name = 'AbortError';
  constructor() {
    super('The runner goes away.');
  }
}

/** The environment could not be made. `advice` says what to do next. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
  constructor(
    message: string,
    readonly advice: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The disk (or the quota) of the host is full: nothing that a candidate did, and no evaluation can go on. */
export class DiskFullError extends Error {
  override readonly name = 'DiskFullError';
  readonly advice = 'Free space on the host, then resume the session.';
  constructor(
    readonly folder: string,
    options?: ErrorOptions,
  ) {
    super(`There is no space left in ${folder}.`, options);
  }
}
