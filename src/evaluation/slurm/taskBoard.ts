import { rm } from 'node:fs/promises';
import type { Limits } from '../../domain/problem/problem';
import type { SlurmSettings } from '../../domain/problem/slurmSettings';
import { removeFolder } from '../workFolder';
import { Cancellations } from './cancellations';
import { jobFate } from './jobFate';
import { jobKey } from './jobRows';
import type { JobRow } from './jobRows';
import { jobScript, sbatchArguments } from './jobScript';
import type { SlurmPrograms } from './slurmPrograms';
import { SlurmTask } from './slurmTask';
import type { SlurmPace, SubmittedPlace } from './slurmTask';
import { Submissions } from './submissions';
import {
  changedAtMs,
  makeTaskFolders,
  namesIn,
  readTextIfThere,
  readWhole,
  submittedJob,
  taskBatch,
  voidClaim,
  writeWhole,
} from './taskFiles';
import type { TaskBatch, TaskFolder, TaskFrame, TaskRequest } from './taskFiles';
import { TaskWatch } from './taskWatch';

/** Sites show comments in tables. */
const mostCommentCharacters = 200;

export interface TaskBoardOptions {
  readonly programs: SlurmPrograms;
  readonly folder: TaskFolder;
  readonly frame: TaskFrame;
  /** Begins the names of all jobs of this session. */
  readonly label: string;
  /** Program and arguments that a job runs with its batch folder as the last one. */
  readonly command: readonly string[];
  readonly limits: Limits;
  readonly settings: SlurmSettings;
  readonly pace: SlurmPace;
  readonly log: (message: string) => void;
}

/**
 * All tasks of a session: on the disk, in the queue, running. What an earlier runner submitted is found again by its files and by the
 * names of its jobs; whatever else of this session is in the queue is cancelled.
 */
export class TaskBoard {
  readonly #options: TaskBoardOptions;
  readonly #cancellations: Cancellations;
  readonly #watch: TaskWatch;
  readonly #submissions: Submissions;
  /** Of an earlier runner, by key, until somebody asks for them. */
  readonly #found = new Map<string, SlurmTask>();
  readonly #cancelling = new Set<Promise<void>>();
  /** Tasks of each batch that are still of use. */
  readonly #inUse = new Map<string, Set<number>>();

  private constructor(options: TaskBoardOptions, largestArray: number) {
    const { programs, folder, pace, log } = options;
    this.#options = options;
    this.#cancellations = new Cancellations(programs);
    this.#watch = new TaskWatch({ programs, folder, pace, cancellations: this.#cancellations, log });
    this.#submissions = new Submissions({
      programs,
      folder,
      pace,
      largestArray,
      jobName: (batch) => this.#jobName(batch),
      sbatch: (batch, tasks) => this.#sbatch(batch, tasks),
      hasJobs: () => this.#watch.size > 0,
      onSubmitted: (task) => {
        this.#onSubmitted(task);
      },
      log,
    });
  }

  /** Throws `SlurmProgramError` where the controller does not answer. */
  static async open(options: TaskBoardOptions): Promise<TaskBoard> {
    const board = new TaskBoard(options, await options.programs.largestArray());
    await makeTaskFolders(options.folder);
    await writeWhole(options.folder.framePath, JSON.stringify(options.frame));
    await board.#findTasks();
    return board;
  }

  /** The task that an earlier runner submitted for this, if it is of use. */
  adopt(key: string, digest: string): SlurmTask | undefined {
    const task = this.#found.get(key);
    if (task === undefined) return undefined;
    this.#found.delete(key);
    if (task.digest === digest) return task;
    this.#cancelLater(task);
    return undefined;
  }

  submit(key: string, digest: string, attempt: number, request: TaskRequest): SlurmTask {
    const task = new SlurmTask(key, digest, attempt, request);
    this.#submissions.add(task);
    return task;
  }

  /** No job begins it any more, and one that runs it is told to end. Resolves when Slurm knows, or will as soon as it has the job. */
  async cancel(task: SlurmTask): Promise<void> {
    task.isCancelled = true;
    const { submitted } = task;
    // It waits, or sbatch is at it: then `#onSubmitted` sees it.
    if (submitted === undefined) return;
    this.#watch.remove(submitted);
    // Before Slurm is told, so that a runner which is killed in between leaves no job that another one waits for.
    await writeWhole(submitted.place.cancelledPath, '');
    await writeWhole(submitted.place.claimPath, voidClaim, { isFirst: true });
    await this.#cancellations.add([jobKey(submitted)]);
    await this.forget(submitted);
  }

  /** Of a task whose job is over. */
  async drop(task: SlurmTask): Promise<void> {
    if (task.submitted !== undefined) await this.forget(task.submitted);
  }

  /** Removes what was kept of it. What cannot be removed is said in the log and goes with the session. */
  async forget({ batch, index, place }: SubmittedPlace): Promise<void> {
    const rest = this.#inUse.get(batch);
    rest?.delete(index);
    try {
      await rm(place.resultPath, { force: true });
      await rm(place.logPath, { force: true });
      if (rest?.size !== 0) return;
      this.#inUse.delete(batch);
      await removeFolder(this.#options.folder.batch(batch).path);
    } catch (error) {
      this.#options.log(`Files of a job could not be removed: ${String(error)}`);
    }
  }

  /** Lets jobs be what they are: a later runner finds them. */
  leave(): void {
    this.#submissions.stop();
    this.#watch.stop();
  }

  /** For when all tasks are cancelled or forgotten: cancels what an earlier runner left and nobody asked for; removes all files where nothing of them is of use. */
  async close(): Promise<void> {
    for (const task of this.#found.values()) await this.cancel(task);
    this.#found.clear();
    await this.#submissions.idle();
    await Promise.all(this.#cancelling);
    if (this.#inUse.size === 0) await removeFolder(this.#options.folder.path);
  }

  #onSubmitted(task: SlurmTask): void {
    const { submitted } = task;
    if (submitted === undefined) return;
    this.#use(submitted);
    if (task.isCancelled) this.#cancelLater(task);
    else this.#watch.add(task, submitted);
  }

  /** Of a job that nobody waits for; `close` does. */
  #cancelLater(task: SlurmTask): void {
    const cancelling = this.cancel(task)
      .catch((error: unknown) => {
        this.#options.log(`A job that nobody needs could not be cancelled: ${String(error)}`);
      })
      .then(() => void this.#cancelling.delete(cancelling));
    this.#cancelling.add(cancelling);
  }

  #use({ batch, index }: SubmittedPlace): void {
    const known = this.#inUse.get(batch) ?? new Set<number>();
    known.add(index);
    this.#inUse.set(batch, known);
  }

  #jobName(batch: string): string {
    return `${this.#options.label}-${batch}`;
  }

  #sbatch(batch: string, tasks: readonly SlurmTask[]): { args: readonly string[]; script: string } {
    const { folder, limits, settings, command } = this.#options;
    const evaluations = tasks.map(({ key, attempt }) => (attempt === 1 ? key : `${key}/try${attempt}`));
    const comment = `ttt-discover ${evaluations.join(' ')}`.slice(0, mostCommentCharacters);
    return {
      args: sbatchArguments({
        name: this.#jobName(batch),
        comment,
        tasks: tasks.length,
        folder: folder.path,
        outputPath: folder.batch(batch).outputPath(tasks.length),
        limits,
        settings,
      }),
      script: jobScript([...command, folder.batch(batch).path]),
    };
  }

  async #findTasks(): Promise<void> {
    const { programs, folder, label } = this.#options;
    const rows = (await programs.jobs()).filter(({ name }) => name.startsWith(`${label}-`));
    const ours = new Set<string>();
    for (const batch of await namesIn(folder.batchesPath)) {
      const content = await readWhole(folder.batch(batch).batchPath, taskBatch);
      const jobId = await this.#jobOf(batch, rows);
      const found = content === undefined ? [] : await this.#tasksOf(batch, content, jobId);
      for (const task of found) this.#take(task);
      for (const { submitted } of found) if (submitted !== undefined) ours.add(jobKey(submitted));
      // One that sbatch may still bring finds there that it may not run.
      if (found.length === 0 && (jobId !== undefined || content === undefined))
        await removeFolder(folder.batch(batch).path);
    }
    const strays = rows.filter((row) => jobFate(row).kind !== 'over' && !ours.has(jobKey(row)));
    await this.#cancellations.add(strays.map(jobKey));
  }

  /** The number that sbatch gave, also where the runner was killed before it wrote it down. */
  async #jobOf(batch: string, rows: readonly JobRow[]): Promise<string | undefined> {
    const written = await readWhole(this.#options.folder.batch(batch).jobPath, submittedJob);
    return written?.jobId ?? rows.find(({ name }) => name === this.#jobName(batch))?.jobId;
  }

  async #tasksOf(
    batch: string,
    { tasks }: TaskBatch,
    knownJobId: string | undefined,
  ): Promise<readonly SlurmTask[]> {
    const found: SlurmTask[] = [];
    for (const [index, { key, digest, attempt }] of tasks.entries()) {
      const place = this.#options.folder.batch(batch).task(index);
      if ((await changedAtMs(place.cancelledPath)) !== undefined) continue;
      if ((await changedAtMs(place.requestPath)) === undefined) continue;
      let jobId = knownJobId;
      if (jobId === undefined) {
        // Slurm never had it, or it will come late: then it finds that it may not run.
        if (await writeWhole(place.claimPath, voidClaim, { isFirst: true })) continue;
        jobId = await readTextIfThere(place.claimPath);
        if (jobId === undefined || jobId === voidClaim) continue;
      }
      const task = new SlurmTask(key, digest, attempt);
      task.submitted = { batch, index, jobId, isAlone: tasks.length === 1, place };
      found.push(task);
    }
    return found;
  }

  /** Of several tries the last one counts. */
  #take(task: SlurmTask): void {
    const { submitted } = task;
    if (submitted === undefined) return;
    this.#use(submitted);
    const known = this.#found.get(task.key);
    const isNewer = known === undefined || known.attempt < task.attempt;
    if (isNewer) this.#found.set(task.key, task);
    const other = isNewer ? known : task;
    if (other !== undefined) this.#cancelLater(other);
    if (isNewer) this.#watch.add(task, submitted);
  }
}
