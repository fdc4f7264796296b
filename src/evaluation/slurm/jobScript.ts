import type { Limits } from '../../domain/problem/problem';
import { defaultSlurm, type SlurmSettings } from '../../domain/problem/slurmSettings';

/** A word as a POSIX shell reads it again. */
export function shellWord(word: string): string {
  if (word.includes('\0')) throw new Error('A word for a shell cannot hold a NUL character.');
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** What every task of an array runs; it learns its number from the environment. */
export function jobScript(command: readonly string[]): string {
  return `#!/bin/sh\nexec ${command.map(shellWord).join(' ')}\n`;
}

/** The runner that is around the evaluation: Node with its buffers, and what the kernel counts beside. */
const runnerMemoryBytes = 512 * 1024 ** 2;

/**
 * What a job sees of the environment of whoever submits it, by name. Secrets may be among the rest, and the controller would keep them
 * in its files.
 */
export const jobVariables: readonly string[] = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LD_LIBRARY_PATH', 'CUDA_HOME', 'CUDA_PATH'],
  ...['CARGO_HOME', 'RUSTUP_HOME'],
];

export interface JobSubmission {
  /** Of all jobs of one batch; how they are found again. */
  readonly name: string;
  readonly comment: string;
  /** Jobs of the array; one is no array. */
  readonly tasks: number;
  /** Absolute, on the shared folder. */
  readonly folder: string;
  /** Absolute; the job's own words. `%a` is its number in the array. */
  readonly outputPath: string;
  readonly limits: Limits;
  readonly settings: SlurmSettings;
}

/** Arguments of sbatch, which reads the script from its standard input. No shell reads them. */
export function sbatchArguments(job: JobSubmission): readonly string[] {
  const { limits, settings } = job;
  const minutes = Math.ceil((limits.timeMs + (settings.extraTimeMs ?? defaultSlurm.extraTimeMs)) / 60_000);
  const mebibytes = Math.ceil((limits.memoryBytes + runnerMemoryBytes) / 1024 ** 2);
  const kind = settings.gpuType === undefined ? 'gpu' : `gpu:${settings.gpuType}`;
  const own = (['partition', 'account', 'qos', 'reservation', 'constraint'] as const).flatMap((name) => {
    const value = settings[name];
    return value === undefined ? [] : [`--${name}=${value}`];
  });
  return [
    '--parsable',
    `--job-name=${job.name}`,
    `--comment=${job.comment}`,
    ...(job.tasks > 1 ? [`--array=0-${job.tasks - 1}`] : []),
    ...['--nodes=1', '--ntasks=1', `--cpus-per-task=${limits.cpus}`, `--mem=${mebibytes}M`],
    `--time=${minutes}`,
    ...(limits.gpus > 0 ? [`--gres=${kind}:${limits.gpus}`] : []),
    ...own,
    // A job whose node is lost, or that makes room for another one, goes back into the queue by itself.
    '--requeue',
    // All of the few that sbatch is given: a list of names here would have each node load the user's login shell for each job.
    '--export=ALL',
    `--chdir=${job.folder}`,
    `--output=${job.outputPath}`,
    '--open-mode=append',
  ];
}
