import type { ModelSettings } from '../session/modelSettings';
import type { ExecutorName, SlurmSettings } from './slurmSettings';

/** What a problem file (`*.discover`) says, checked and with its units resolved. See docs/problem-files.md. */
export interface Problem {
  readonly title: string;
  /**
   * The file that evolves, relative to the problem file, with forward slashes. With a foreign folder it may lie anywhere, and may
   * be absolute; see `hostPlaces`.
   */
  readonly candidate: string;
  /** What scores candidates. */
  readonly evaluator: CommandEvaluator | ForeignEvaluator;
  readonly metric: Metric;
  /** Arithmetic expression over metric names; when absent the reward is ±metric. */
  readonly reward?: string;
  readonly environment: Environment;
  readonly limits: Limits;
  /** `local` by default. */
  readonly executor?: ExecutorName;
  readonly slurm?: SlurmSettings;
  readonly references: readonly Reference[];
  readonly session: SessionDefaults;
  /** The language model, for the policies that have one. */
  readonly model?: Partial<ModelSettings>;
  /** The Markdown body: what people and the model read. */
  readonly statement: string;
}

/** A shell command, run in a fresh copy of the problem's folder. */
export interface CommandEvaluator {
  readonly kind: 'command';
  readonly command: string;
  /** Stop candidates that are clearly worse than their parents by the cases that the evaluator reports; the metric is their mean. */
  readonly stopEarly?: boolean;
  /** The command gets the parent's program and what was recorded of it, and may itself end early what is clearly worse. */
  readonly raceParent?: boolean;
}

/** Tools whose folders open as they are, each by the protocol of its own evaluator. */
export const foreignFormats = ['gpu-mode', 'atcoder', 'openevolve', 'shinka-evolve', 'kernelbench'] as const;
export type ForeignFormat = (typeof foreignFormats)[number];

/** How much of GPU MODE's protocol one evaluation runs. */
export const gpuModes = ['test', 'benchmark', 'leaderboard', 'leaderboard-equal', 'profile'] as const;
export type GpuMode = (typeof gpuModes)[number];

/** `cpu` tries the small cases of a GPU task where there is no GPU. */
export const taskDevices = ['gpu', 'cpu'] as const;
export type TaskDevice = (typeof taskDevices)[number];

/** A folder that was made for another tool; nothing in it is changed. */
export interface ForeignEvaluator {
  readonly kind: 'foreign';
  readonly format: ForeignFormat;
  /** As written: absolute, or relative to the problem file, with forward slashes. */
  readonly folder: string;
  /** GPU MODE alone. */
  readonly mode?: GpuMode;
  /** GPU MODE alone; `gpu` by default. */
  readonly device?: TaskDevice;
  /** AtCoder alone: how many seeds one evaluation runs. */
  readonly cases?: number;
  /** AtCoder alone: what one seed's run may take. */
  readonly caseTimeMs?: number;
  /** AtCoder alone: stop candidates that are clearly worse than their parents. */
  readonly stopEarly?: boolean;
}

export interface Metric {
  readonly name: string;
  readonly goal: Goal;
  /** Shown behind values, for example `µs`. */
  readonly unit?: string;
}

export type Goal = 'minimize' | 'maximize';

export interface Environment {
  /** Python version requirement as written, for example `>=3.11`. */
  readonly python?: string;
  /** Requirement strings for pip, sorted as written. */
  readonly packages: readonly string[];
  /** Modules to import once for all evaluations. */
  readonly preload?: readonly string[];
}

/** Limits of one evaluation. */
export interface Limits {
  readonly timeMs: number;
  readonly memoryBytes: number;
  readonly cpus: number;
  readonly gpus: number;
  /** The most that it takes of each of its GPUs' memory; absent where it is not to share them. */
  readonly gpuMemoryBytes?: number;
  /** Most bytes of standard output and error together. */
  readonly outputBytes: number;
  /** Most processes alive at once. */
  readonly processes: number;
}

export const defaultLimits: Limits = {
  timeMs: 60_000,
  memoryBytes: 2 * 1024 ** 3,
  cpus: 1,
  gpus: 0,
  outputBytes: 1024 ** 2,
  processes: 64,
};

/** A published or own value to compare with, in the metric's unit. */
export interface Reference {
  readonly label: string;
  readonly value: number;
  readonly url?: string;
}

export const methods = ['ttt-discover', 'puct', 'best-of-n'] as const;
export type Method = (typeof methods)[number];

/**
 * `tunables`: values for marked literals, without a model. `openai`: a frozen model behind a chat endpoint. `tinker`: a
 * model that trains, through the Tinker API.
 */
export const policies = ['tunables', 'openai', 'tinker'] as const;
export type PolicyName = (typeof policies)[number];

/** How rewards of a group become advantages. */
export const advantageEstimators = ['adaptive-entropic', 'entropic', 'mean-baseline'] as const;
export type AdvantageEstimator = (typeof advantageEstimators)[number];

/** What PUCT counts: rollouts as the reference code does, expansions as the paper's text does. */
export const visitCounts = ['rollouts', 'expansions'] as const;
export type VisitCount = (typeof visitCounts)[number];

export interface SessionDefaults {
  readonly method: Method;
  readonly policy: PolicyName;
  readonly steps: number;
  /** Parents a step. */
  readonly groups: number;
  /** Rollouts a parent; at least 3 (the leave-one-out advantage is not defined below). */
  readonly groupSize: number;
  /** Wall-clock budget of the session. */
  readonly maxTimeMs?: number;
  /** Most evaluations, the initial ones included. */
  readonly maxEvaluations?: number;
  /** Most tokens: prompts, samples and training together. */
  readonly maxTokens?: number;
  /** Most money, in US dollars, by the model's prices. */
  readonly maxCostUsd?: number;
  /** The session ends when this many steps in a row brought no better candidate. */
  readonly patienceSteps?: number;
  /** Evaluations at once. */
  readonly concurrency?: number;
  readonly seed?: number;
  readonly visits?: VisitCount;
  readonly advantage?: AdvantageEstimator;
  /** Of the `entropic` estimator, in units of 1 / reward. */
  readonly entropicBeta?: number;
  readonly maxStepsOffPolicy?: number;
  /** Outcomes of the same evaluation are taken in place of a run; true by default. */
  readonly reuse?: boolean;
}

export const defaultSession: SessionDefaults = {
  method: 'ttt-discover',
  policy: 'tunables',
  steps: 50,
  groups: 8,
  groupSize: 64,
};

/** True if `a` is better than `b` under the goal. */
export function isBetter(goal: Goal, a: number, b: number): boolean {
  return goal === 'minimize' ? a < b : a > b;
}
