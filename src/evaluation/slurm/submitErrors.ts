/** Why sbatch took no job. */
export type SubmitRefusal =
  /** The controller does not answer or has too much to do: the same may work soon, and may have worked. */
  | { readonly kind: 'busy' }
  /** Too many jobs at once. */
  | { readonly kind: 'limit'; readonly advice: string }
  | { readonly kind: 'refused'; readonly advice: string };

const busy =
  /socket timed out|unable to contact slurm controller|connection (refused|timed out|reset)|communication (connection )?failure|resource temporarily unavailable|temporarily unable to accept|controller .*standby|try again|zero bytes were transmitted|transport endpoint/i;
const limits = /submit ?job ?limit|maxsubmit|job submit limit|MaxJobCount|too many jobs/i;
const refusals: readonly (readonly [words: RegExp, advice: string])[] = [
  [/invalid partition/i, 'Write `slurm: { partition: … }` as `sinfo` lists it.'],
  [
    /account/i,
    'Write `slurm: { account: … }` as `sacctmgr show associations user=$USER` lists it; it may have to fit the partition.',
  ],
  [
    /qos/i,
    'Write `slurm: { qos: … }` as `sacctmgr show associations user=$USER format=account,partition,qos` lists it.',
  ],
  [
    /generic resource|gres/i,
    'Look at the GPUs that the cluster has with `sinfo -o "%P %G"`, and change `limits.gpus` or `slurm.gpuType`.',
  ],
  [/feature/i, 'Write `slurm: { constraint: … }` with features that `sinfo -o "%P %f"` lists.'],
  [/reservation/i, 'Write `slurm: { reservation: … }` as `scontrol show reservation` lists it.'],
  [
    /time limit/i,
    'A job asks for `limits.time` and `slurm.extraTime` together: make them shorter, or take a partition that allows more (`sinfo -o "%P %l"`).',
  ],
  [
    /memory|node configuration|more processors|node count|cpu count/i,
    'No node of the partition has what `limits` ask for: see `sinfo -o "%P %c %m %G"` (processors, megabytes, GPUs), and ask for less or for another partition.',
  ],
  [
    /permi(tted|ssion)|access/i,
    'Ask the administrators of the cluster for leave, or take another partition.',
  ],
];

/** What the words of a failed sbatch mean. */
export function submitRefusal(words: string): SubmitRefusal {
  if (busy.test(words)) return { kind: 'busy' };
  if (limits.test(words)) {
    return {
      kind: 'limit',
      advice: 'Let fewer evaluations be in the queue at once: `session: { concurrency: … }`.',
    };
  }
  const known = refusals.find(([pattern]) => pattern.test(words));
  const advice =
    known?.[1] ?? 'Try the same with `sbatch --test-only`, and correct `slurm:` in the problem file.';
  return { kind: 'refused', advice };
}

/** sbatch's own words without its name in front of each line. */
export function wordsOfSbatch(stderr: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^(sbatch: )?(error: |fatal: )?/, '').trim());
  return [...new Set(lines.filter((line) => line !== ''))].join(' ');
}
