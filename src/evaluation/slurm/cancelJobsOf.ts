import { jobFate } from './jobFate';
import { jobKey } from './jobRows';
import { SlurmError } from './slurmError';
import { findSlurmPrograms, SlurmProgramError } from './slurmPrograms';
import type { SlurmPrograms } from './slurmPrograms';

/** Of `Submissions`: what stands behind the label in the name of a job. */
const batchName = /^[0-9a-f]{12}$/;

/**
 * Cancels all jobs of evaluations whose names begin with one of the labels, also where no runner is left that knows of them. Returns how many
 * waited or ran. Throws `SlurmError` where Slurm cannot be asked.
 */
export async function cancelJobsOf(
  labels: readonly string[],
  hostEnv: NodeJS.ProcessEnv,
  known?: SlurmPrograms,
): Promise<number> {
  const wanted = new Set(labels);
  if (wanted.size === 0) return 0;
  const programs = known ?? (await findSlurmPrograms(hostEnv));
  try {
    const rows = await programs.jobs();
    const ours = rows.filter((row) => {
      const dash = row.name.lastIndexOf('-');
      const isOurs = wanted.has(row.name.slice(0, dash)) && batchName.test(row.name.slice(dash + 1));
      return isOurs && jobFate(row).kind !== 'over';
    });
    await programs.cancel(ours.map(jobKey));
    return ours.length;
  } catch (error) {
    if (!(error instanceof SlurmProgramError)) throw error;
    throw new SlurmError(
      `Slurm cannot be asked for the jobs of sessions: ${error.words}`,
      'Look with `scontrol ping` whether its controller runs, and try again when it does.',
      { cause: error },
    );
  }
}
