import type { TaskPlace, TaskRequest, TaskResult } from './taskFiles';

/** How one try of an evaluation ended. */
export type TaskOutcome =
  | { readonly kind: 'result'; readonly result: TaskResult }
  /** Slurm ended it for its time or its memory. */
  | { readonly kind: 'time' | 'memory'; readonly ranMs: number }
  /** The cluster took it away. `words`: what is known of it. */
  | { readonly kind: 'lost'; readonly words: string }
  /** The job ended and left no result. `hasBegun`: it came so far that the evaluation had begun. */
  | { readonly kind: 'silent'; readonly hasBegun: boolean; readonly words: string }
  /** Somebody else cancelled it. */
  | { readonly kind: 'cancelled'; readonly words: string }
  /** Slurm will never start it. */
  | { readonly kind: 'impossible'; readonly words: string };

/** Where a submitted task is. */
export interface SubmittedPlace {
  readonly batch: string;
  readonly index: number;
  /** Of the array. */
  readonly jobId: string;
  /** It was submitted by itself, not in an array. */
  readonly isAlone: boolean;
  readonly place: TaskPlace;
}

/** One try of one evaluation, from the request to its end. */
export class SlurmTask {
  /** Rejects where it could not be submitted. */
  readonly ended: Promise<TaskOutcome>;
  /** Of an adopted one from the start, else when sbatch took it. */
  submitted: SubmittedPlace | undefined;
  /** Nobody waits for it any more. */
  isCancelled = false;
  #resolve: (outcome: TaskOutcome) => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(
    readonly key: string,
    readonly digest: string,
    readonly attempt: number,
    /** Absent of an adopted one. */
    readonly request?: TaskRequest,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    // Whoever waits hears of it; a task that was cancelled has nobody.
    this.ended.catch(() => undefined);
  }

  end(outcome: TaskOutcome): void {
    this.#resolve(outcome);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

/** How often the cluster and the shared folder are looked at. */
export interface SlurmPace {
  /** Evaluations that are asked for within this time are submitted together. */
  readonly gatherMs: number;
  readonly betweenSubmissionsMs: number;
  /** Between looks at the folder of results. */
  readonly lookMs: number;
  /** Between calls of squeue; longer and longer while nothing changes. */
  readonly pollMs: number;
  readonly longestPollMs: number;
  /** How much later than the end of its job a result may be seen. */
  readonly visibleMs: number;
  /** As the last, where the job was ended from outside and hardly wrote one. */
  readonly lateMs: number;
  /** How long a controller may not answer before a submission is given up. */
  readonly controllerMs: number;
}

export const usualPace: SlurmPace = {
  gatherMs: 300,
  betweenSubmissionsMs: 1_000,
  lookMs: 500,
  pollMs: 5_000,
  longestPollMs: 60_000,
  visibleMs: 90_000,
  lateMs: 15_000,
  controllerMs: 30 * 60_000,
};
