/** Where evaluations run: on the runner's own machine, or as jobs of its Slurm cluster. */
export const executors = ['local', 'slurm'] as const;
export type ExecutorName = (typeof executors)[number];

/** How evaluations are submitted as jobs; what is absent is the cluster's default. What a job needs follows from `limits`. */
export interface SlurmSettings {
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
  readonly reservation?: string;
  /** Features of nodes, as `sbatch --constraint` takes them. */
  readonly constraint?: string;
  /** The cluster's own name of a kind of GPU, for `--gres=gpu:KIND:N`. */
  readonly gpuType?: string;
  /** Of a job beyond `limits.time`: for starting, compiling and cleaning up. */
  readonly extraTimeMs?: number;
  /** How often an evaluation is submitted whose job the cluster lost. */
  readonly tries?: number;
}

export const defaultSlurm = { extraTimeMs: 5 * 60_000, tries: 3 } as const;

/** Evaluations that are submitted and not ended, unless the problem or the user says otherwise. */
export const jobsAtOnce = 32;
