import { EnvironmentError } from '../evaluator';

/** The cluster does not do what evaluations need of it. The message has the words of Slurm's own programs. */
export class SlurmError extends EnvironmentError {
  readonly code = 'slurm';
}

export const noSlurmAdvice =
  'Start the session on a node of a Slurm cluster from which jobs can be submitted (`sbatch --version` works there), or remove ' +
  '`executor: slurm` from the problem file to evaluate on this host.';
