import { resolve } from 'node:path';
import { runSlurmTask } from '../../../evaluation/slurm/runSlurmTask';
import { exitCodes } from '../../../protocol/hostCommands';
import type { Command } from '../command';
import { usageError } from '../commandError';

/** The program of a session's jobs on a Slurm cluster. */
export const slurmTaskCommand: Command = {
  name: 'slurm-task',
  arguments: 'FOLDER',
  summary: 'Evaluate what this job of a Slurm cluster is for (used by sessions with executor: slurm)',
  hidden: true,
  mostPositionals: 1,
  options: {},
  async run({ positionals }) {
    const [folder] = positionals;
    if (folder === undefined) throw usageError('Which batch? Name its folder.', 'slurm-task');
    const ending = new AbortController();
    // Slurm cancels, preempts and ends at the time limit with it, some seconds before SIGKILL.
    process.on('SIGTERM', () => {
      ending.abort(new Error('The job was told to end.'));
    });
    const end = await runSlurmTask(resolve(folder), process.env, ending.signal);
    return end === 'ended' ? exitCodes.interrupted : exitCodes.ok;
  },
};
