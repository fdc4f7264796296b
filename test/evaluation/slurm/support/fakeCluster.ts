import { join } from 'node:path';
import { runSlurmTask } from '../../../../src/evaluation/slurm/runSlurmTask';
import { SlurmProgramError } from '../../../../src/evaluation/slurm/slurmPrograms';
import type { SlurmPrograms } from '../../../../src/evaluation/slurm/slurmPrograms';
import { jobKey } from '../../../../src/evaluation/slurm/jobRows';
import type { JobRow } from '../../../../src/evaluation/slurm/jobRows';

interface FakeJob {
  row: JobRow;
  readonly batchFolder: string;
  readonly comment: string;
  restarts: number;
  ending: AbortController;
}

/**
 * A controller without nodes: jobs wait until a test starts them, run in this process, and end as the test says. Its programs answer as
 * Slurm's do.
 */
export class FakeCluster implements SlurmPrograms {
  readonly jobsByKey = new Map<string, FakeJob>();
  readonly cancelled: string[] = [];
  /** Calls of each program, in order. */
  readonly calls: string[] = [];
  /** Jobs start at once. */
  isEager = true;
  /** Called in place of the answer of the next submissions, after the job was taken or not. */
  readonly submitErrors: { readonly words: string; readonly isTaken: boolean }[] = [];
  #number = 0;

  submit(args: readonly string[], script: string): Promise<string> {
    this.calls.push('sbatch');
    const error = this.submitErrors.shift();
    if (error?.isTaken === false) return Promise.reject(new SlurmProgramError('sbatch', error.words));
    const jobId = String((this.#number += 1));
    const valueOf = (name: string): string | undefined =>
      args.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
    const last = Number(valueOf('array')?.split('-')[1] ?? '0');
    const [, batchFolder = ''] = /'([^']*)'\n$/.exec(script) ?? [];
    for (let index = 0; index <= last; index += 1) {
      const row = {
        jobId,
        index,
        isAlone: last === 0,
        state: 'PENDING',
        nodes: '',
        name: valueOf('job-name') ?? '',
        reason: 'Resources',
      };
      const comment = valueOf('comment') ?? '';
      this.jobsByKey.set(jobKey(row), {
        row,
        batchFolder,
        comment,
        restarts: 0,
        ending: new AbortController(),
      });
      if (this.isEager) void this.start(jobKey(row));
    }
    if (error !== undefined) return Promise.reject(new SlurmProgramError('sbatch', error.words));
    return Promise.resolve(jobId);
  }

  tryOut(): Promise<void> {
    return Promise.resolve();
  }

  jobs(): Promise<readonly JobRow[]> {
    this.calls.push('squeue');
    return Promise.resolve([...this.jobsByKey.values()].map(({ row }) => row));
  }

  record(key: string): Promise<ReadonlyMap<string, string>> {
    const row = this.jobsByKey.get(key)?.row;
    return Promise.resolve(
      new Map(
        row === undefined
          ? []
          : [
              ['JobState', row.state],
              ['BatchHost', row.nodes],
              ['RunTime', '00:01:30'],
            ],
      ),
    );
  }

  cancel(keys: readonly string[]): Promise<void> {
    this.calls.push('scancel');
    this.cancelled.push(...keys);
    for (const key of keys) this.end(key, 'CANCELLED');
    return Promise.resolve();
  }

  largestArray(): Promise<number> {
    return Promise.resolve(1001);
  }

  /** Runs a job on a node; resolves when its program has ended. */
  async start(key: string, node = 'north'): Promise<void> {
    const job = this.#job(key);
    this.set(key, { state: 'RUNNING', nodes: node, reason: 'None' });
    job.ending = new AbortController();
    const { signal } = job.ending;
    const env = {
      ...process.env,
      SLURM_ARRAY_JOB_ID: job.row.jobId,
      SLURM_ARRAY_TASK_ID: String(job.row.index),
      SLURM_RESTART_COUNT: String(job.restarts),
      SLURMD_NODENAME: node,
    };
    const end = await runSlurmTask(job.batchFolder, env, signal).then(
      () => 'COMPLETED',
      () => 'FAILED',
    );
    if (!signal.aborted) this.set(key, { state: end });
  }

  /** Slurm ends a job, waiting or running, and leaves it in this state. */
  end(key: string, state: string): void {
    const job = this.#job(key);
    job.ending.abort(new Error(state));
    if (!['COMPLETED', 'FAILED'].includes(job.row.state)) this.set(key, { state, reason: 'None' });
  }

  /** Ends a run and puts the job back into the queue. */
  requeue(key: string): void {
    const job = this.#job(key);
    job.ending.abort(new Error('requeued'));
    job.restarts += 1;
    this.set(key, { state: 'PENDING', nodes: '', reason: 'BeginTime' });
  }

  /** Slurm remembers ended jobs for a time only. */
  forget(key: string): void {
    this.jobsByKey.delete(key);
  }

  set(key: string, changed: Partial<JobRow>): void {
    const job = this.#job(key);
    job.row = { ...job.row, ...changed };
  }

  batchFolderOf(key: string): string {
    return join(this.#job(key).batchFolder);
  }

  #job(key: string): FakeJob {
    const job = this.jobsByKey.get(key);
    if (job === undefined) throw new Error(`there is no job ${key}`);
    return job;
  }
}
