import { whole, type KeySpec } from './keySpec';
import { defaultSlurm } from './slurmSettings';

const clusterDefault = "the cluster's default";

export const slurmKeys = [
  {
    name: 'partition',
    value: { kind: 'text' },
    doc: 'The partition (queue) that the jobs go to; several with commas.',
    example: 'gpu',
    whenAbsent: clusterDefault,
  },
  {
    name: 'account',
    value: { kind: 'text' },
    doc: 'The account that the jobs are charged to.',
    example: 'my-project',
    whenAbsent: clusterDefault,
  },
  {
    name: 'qos',
    value: { kind: 'text' },
    doc: 'The quality of service of the jobs.',
    example: 'normal',
    whenAbsent: clusterDefault,
  },
  {
    name: 'reservation',
    value: { kind: 'text' },
    doc: 'A reservation whose nodes the jobs use.',
    example: 'my-project_12',
    whenAbsent: 'none',
  },
  {
    name: 'constraint',
    value: { kind: 'text' },
    doc: 'Features that the nodes must have, as `sbatch --constraint` takes them.',
    example: '"h100&nvlink"',
    whenAbsent: 'any node will do',
  },
  {
    name: 'gpuType',
    value: { kind: 'text' },
    doc: "The cluster's own name of a kind of GPU; how many follows from `limits.gpus`.",
    example: 'h100',
    whenAbsent: 'any GPU will do',
  },
  {
    name: 'extraTime',
    value: { kind: 'time', minMs: 60_000, maxMs: 24 * 3_600_000, rangeText: 'from 1min to 24h' },
    doc: 'Time limit of a job beyond `limits.time`: for starting, compiling and cleaning up.',
    example: '5min',
    whenAbsent: `${defaultSlurm.extraTimeMs / 60_000}min`,
  },
  {
    name: 'tries',
    value: whole(1, 20),
    doc: 'How often an evaluation is submitted whose job the cluster lost (node failure, preemption). That is never counted against the candidate.',
    example: '3',
    whenAbsent: String(defaultSlurm.tries),
  },
] as const satisfies readonly KeySpec[];
