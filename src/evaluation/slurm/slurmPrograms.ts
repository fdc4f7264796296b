import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import { text } from 'node:stream/consumers';
import { findProgram } from '../findProgram';
import { jobRowFormat, parseJobRows, parseRecord } from './jobRows';
import type { JobRow } from './jobRows';
import { noSlurmAdvice, SlurmError } from './slurmError';
import { wordsOfSbatch } from './submitErrors';

/** Programs of Slurm wait long for a controller that has much to do; after this time nothing came of it. */
const patienceMs = 120_000;
/** Used where the cluster does not say. */
const usualArraySize = 1001;

const names = ['sbatch', 'squeue', 'scancel', 'scontrol'] as const;
type ProgramName = (typeof names)[number];

/** A program of Slurm ended with an error. */
export class SlurmProgramError extends Error {
  override readonly name = 'SlurmProgramError';
  constructor(
    readonly program: ProgramName,
    /** What it wrote to its standard error. */
    readonly words: string,
  ) {
    super(`${program}: ${words}`);
  }
}

/** Slurm as its own programs show it; the database of jobs (slurmdbd, sacct) is not needed. */
export interface SlurmPrograms {
  /**
   * Number of the job or of the array. Of the environment the job gets what `variables` names, and what Slurm's programs themselves look
   * at. Rejects with `SlurmProgramError`.
   */
  submit(args: readonly string[], script: string, variables: readonly string[]): Promise<string>;
  /** Asks whether it would be taken. Rejects with `SlurmProgramError`. */
  tryOut(args: readonly string[], script: string): Promise<void>;
  /** All jobs of this user that the controller knows, ended ones too (for five minutes, as clusters come). */
  jobs(): Promise<readonly JobRow[]>;
  /** What the controller knows of one job of an array; empty if nothing. */
  record(jobKey: string): Promise<ReadonlyMap<string, string>>;
  /** Jobs that ended meanwhile are no error. */
  cancel(jobKeys: readonly string[]): Promise<void>;
  /** Most jobs of one array. */
  largestArray(): Promise<number>;
}

/** Throws `SlurmError` where Slurm's programs are not installed. */
export async function findSlurmPrograms(hostEnv: NodeJS.ProcessEnv): Promise<SlurmPrograms> {
  const found = await Promise.all(
    names.map(
      async (name) => [name, await findProgram(name, hostEnv['PATH'] ?? '/usr/bin:/bin', '/')] as const,
    ),
  );
  const missing = found.filter(([, path]) => path === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const which = missing.length === names.length ? '' : ` (${missing.join(', ')})`;
    throw new SlurmError(`Slurm's programs are not installed on this host${which}.`, noSlurmAdvice);
  }
  const paths = new Map(found);
  const env = environmentOfPrograms(hostEnv);
  const run = (name: ProgramName, args: readonly string[], input = '', ofProgram = env): Promise<string> =>
    runProgram(name, paths.get(name) ?? name, args, ofProgram, input);
  const user = userInfo().username;

  return {
    async submit(args, script, variables) {
      const given = Object.entries(env).filter(
        ([name]) => variables.includes(name) || /^(SLURM_CONF|SLURM_CLUSTERS|SBATCH_\w+)$/.test(name),
      );
      const printed = await run('sbatch', args, script, Object.fromEntries(given));
      const [jobId = ''] = printed.trim().split('\n').at(-1)?.split(';') ?? [];
      if (/^\d+$/.test(jobId)) return jobId;
      throw new SlurmProgramError(
        'sbatch',
        `it printed "${printed.trim()}" where the job's number should be`,
      );
    },
    async tryOut(args, script) {
      await run('sbatch', ['--test-only', ...args], script);
    },
    async jobs() {
      const args = ['--noheader', '--array', '--states=all', `--user=${user}`, `--format=${jobRowFormat}`];
      return parseJobRows(await run('squeue', args));
    },
    async record(jobKey) {
      try {
        return parseRecord(await run('scontrol', ['--oneliner', 'show', 'job', jobKey]));
      } catch (error) {
        if (error instanceof SlurmProgramError && /invalid job id/i.test(error.words)) return new Map();
        throw error;
      }
    },
    async cancel(jobKeys) {
      if (jobKeys.length > 0) await run('scancel', ['--quiet', ...jobKeys]);
    },
    async largestArray() {
      const config = await run('scontrol', ['show', 'config']);
      const line = config.split('\n').find((candidate) => candidate.startsWith('MaxArraySize'));
      const size = Number(parseRecord(line ?? '').get('MaxArraySize') ?? usualArraySize);
      return Number.isInteger(size) ? Math.max(1, size) : usualArraySize;
    },
  };
}

/** The user's own defaults for sbatch hold; what a job has around it is for its own steps, where the runner is one itself. */
function environmentOfPrograms(hostEnv: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = Object.entries(hostEnv).filter(
    ([name]) => !name.startsWith('SLURM_') || name === 'SLURM_CONF' || name === 'SLURM_CLUSTERS',
  );
  return { ...Object.fromEntries(own), LC_ALL: 'C', SLURM_TIME_FORMAT: 'standard' };
}

async function runProgram(
  name: ProgramName,
  path: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string,
): Promise<string> {
  const child = spawn(path, args, { env, cwd: '/', stdio: ['pipe', 'pipe', 'pipe'], timeout: patienceMs });
  // A program that ended before it read is told of by its exit.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => {
      resolve(code === 0 ? undefined : signal === null ? `exit code ${code}` : `timed out (${signal})`);
    });
  });
  const [printed, words, failure] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (failure === undefined) return printed;
  throw new SlurmProgramError(name, wordsOfSbatch(words) || failure);
}
