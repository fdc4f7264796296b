import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { noticingFullDisk } from '../fileErrors';
import { removeFolder } from '../workFolder';
import { jobVariables } from './jobScript';
import { SlurmError } from './slurmError';
import { SlurmProgramError } from './slurmPrograms';
import type { SlurmPrograms } from './slurmPrograms';
import type { SlurmPace, SlurmTask } from './slurmTask';
import { submitRefusal } from './submitErrors';
import { writeWhole } from './taskFiles';
import type { TaskBatch, TaskFolder } from './taskFiles';

/** One call of sbatch; even where a cluster allows more. */
const mostTogether = 500;
const firstWaitMs = 5_000;
const longestWaitMs = 60_000;

export interface SubmissionsOptions {
  readonly programs: SlurmPrograms;
  readonly folder: TaskFolder;
  readonly pace: SlurmPace;
  readonly largestArray: number;
  /** Of the batch with this name. */
  readonly jobName: (batch: string) => string;
  readonly sbatch: (
    batch: string,
    tasks: readonly SlurmTask[],
  ) => { args: readonly string[]; script: string };
  /** Jobs of ours are in the queue: a limit on their number gets room by itself. */
  readonly hasJobs: () => boolean;
  readonly onSubmitted: (task: SlurmTask) => void;
  readonly log: (message: string) => void;
}

/**
 * Submits tasks: those that come within a short time as one array, so that the controller has one call for many, and never more calls than
 * one a second. A batch is on the disk before sbatch is called, under a name that its jobs carry; so whoever comes later finds both.
 */
export class Submissions {
  readonly #options: SubmissionsOptions;
  #waiting: SlurmTask[] = [];
  #work: Promise<void> | undefined;
  #lastAtMs = -Infinity;
  readonly #most: number;
  /** Of one array; fewer where there was no room for them. */
  #together: number;

  constructor(options: SubmissionsOptions) {
    this.#options = options;
    this.#most = Math.max(1, Math.min(mostTogether, options.largestArray));
    this.#together = this.#most;
  }

  add(task: SlurmTask): void {
    this.#waiting.push(task);
    this.#work ??= this.#workOff();
  }

  /** What waits is not submitted any more. */
  stop(): void {
    for (const task of this.#waiting) task.isCancelled = true;
  }

  /** Resolves when nothing waits to be submitted. */
  async idle(): Promise<void> {
    await this.#work;
  }

  async #workOff(): Promise<void> {
    const { gatherMs, betweenSubmissionsMs } = this.#options.pace;
    while (this.#waiting.length > 0) {
      await delay(Math.max(gatherMs, this.#lastAtMs + betweenSubmissionsMs - performance.now()));
      const wanted = this.#waiting.filter(({ isCancelled }) => !isCancelled);
      const tasks = wanted.slice(0, this.#together);
      this.#waiting = wanted.slice(tasks.length);
      if (tasks.length === 0) continue;
      try {
        await this.#submitBatch(tasks);
      } catch (error) {
        for (const task of tasks) task.fail(error);
      }
    }
    this.#work = undefined;
  }

  async #submitBatch(tasks: readonly SlurmTask[]): Promise<void> {
    const { folder, sbatch, onSubmitted } = this.#options;
    const name = randomBytes(6).toString('hex');
    await this.#writeBatch(name, tasks);
    const { args, script } = sbatch(name, tasks);
    const jobId = await this.#submit(name, tasks, args, script);
    this.#lastAtMs = performance.now();
    if (jobId === undefined) {
      await removeFolder(folder.batch(name).path);
      return;
    }
    const batch = folder.batch(name);
    await writeWhole(batch.jobPath, JSON.stringify({ jobId }));
    for (const [index, task] of tasks.entries()) {
      task.submitted = { batch: name, index, jobId, isAlone: tasks.length === 1, place: batch.task(index) };
      onSubmitted(task);
    }
  }

  async #writeBatch(name: string, tasks: readonly SlurmTask[]): Promise<void> {
    const batch = this.#options.folder.batch(name);
    await noticingFullDisk(batch.path, async () => {
      await mkdir(batch.path, { mode: 0o700 });
      for (const [index, { request }] of tasks.entries()) {
        const place = batch.task(index);
        await mkdir(place.folder, { mode: 0o700 });
        await writeWhole(place.requestPath, JSON.stringify(request));
      }
      const content: TaskBatch = {
        version: 1,
        tasks: tasks.map(({ key, digest, attempt }) => ({ key, digest, attempt })),
      };
      await writeWhole(batch.batchPath, JSON.stringify(content));
    });
  }

  /** `undefined`: not now, and the tasks wait again, or nobody wants them any more. Throws `SlurmError`. */
  async #submit(
    name: string,
    tasks: readonly SlurmTask[],
    args: readonly string[],
    script: string,
  ): Promise<string | undefined> {
    const { programs, pace, log, hasJobs } = this.#options;
    const startedAtMs = performance.now();
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, 2 * waitMs)) {
      try {
        const jobId = await programs.submit(args, script, jobVariables);
        this.#together = Math.min(this.#most, 2 * this.#together);
        return jobId;
      } catch (error) {
        if (!(error instanceof SlurmProgramError)) throw error;
        const refusal = submitRefusal(error.words);
        if (refusal.kind === 'refused') {
          throw new SlurmError(`sbatch takes no job: ${error.words}`, refusal.advice, { cause: error });
        }
        if (refusal.kind === 'limit') {
          if (tasks.length === 1 && !hasJobs()) {
            throw new SlurmError(`sbatch takes no job: ${error.words}`, refusal.advice, { cause: error });
          }
          log(`sbatch takes no ${tasks.length} jobs now: ${error.words}`);
          this.#together = Math.max(1, Math.floor(tasks.length / 2));
          this.#waiting.unshift(...tasks);
          await delay(hasJobs() ? firstWaitMs : 0);
          return undefined;
        }
        // The controller may have taken it and been too slow to say so.
        const taken = await this.#found(name);
        if (taken !== undefined) return taken;
        if (performance.now() - startedAtMs > pace.controllerMs) {
          const advice = 'Look whether the controller answers (`scontrol ping`), then resume the session.';
          throw new SlurmError(`sbatch takes no job: ${error.words}`, advice, { cause: error });
        }
        log(`sbatch will be tried again: ${error.words}`);
        await delay(waitMs);
        if (tasks.every(({ isCancelled }) => isCancelled)) return undefined;
      }
    }
  }

  async #found(batch: string): Promise<string | undefined> {
    try {
      const rows = await this.#options.programs.jobs();
      return rows.find(({ name }) => name === this.#options.jobName(batch))?.jobId;
    } catch (error) {
      if (error instanceof SlurmProgramError) return undefined;
      throw error;
    }
  }
}
