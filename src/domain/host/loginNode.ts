import { countText } from './amounts';
import { valueOf, type HostFacts, type PartitionFacts } from './hostFacts';
import type { HostOffer } from './hostReport';

/** Partitions that take jobs and have GPUs. */
export function gpuPartitions(partitions: readonly PartitionFacts[]): PartitionFacts[] {
  return partitions.filter(({ isUp, gpus }) => isUp && gpus.some(({ count }) => count > 0));
}

/**
 * A login node of a Slurm cluster: no GPU here, but partitions that have some, and this is no job. A `nvidia-smi` that did not answer proves
 * no absence.
 */
export function isLoginNode({
  slurm,
  slurmJob,
  gpus,
}: Pick<HostFacts, 'slurm' | 'slurmJob' | 'gpus'>): boolean {
  if (slurmJob !== undefined || slurm.state !== 'found' || gpus.state === 'late') return false;
  const here = gpus.state === 'found' ? gpus.value.gpus.length : 0;
  return here === 0 && gpuPartitions(slurm.value.partitions).length > 0;
}

/** What the host's Slurm means for sessions. */
export function slurmOffer(facts: HostFacts): HostOffer | undefined {
  const slurm = valueOf(facts.slurm);
  if (slurm === undefined) return undefined;
  if (facts.slurmJob !== undefined) {
    return {
      title: `This is job ${facts.slurmJob} of a Slurm cluster`,
      text: "Sessions here may use what the job was given, and end with it: the job's time limit is theirs.",
    };
  }
  if (!isLoginNode(facts)) return undefined;
  return {
    title: 'This looks like a login node of a Slurm cluster',
    text: [
      `There is no GPU here, but the cluster has some: ${gpuPartitions(slurm.partitions).map(partitionText).join('; ')}.`,
      'With executor: slurm in the problem file evaluations are jobs there, and ttt-discover submit makes the session itself one. What runs on',
      'this node itself is often ended by the site when it takes long. Or get a node with salloc or srun, and connect to that node.',
    ].join(' '),
  };
}

export function partitionText({
  name,
  isDefault,
  isUp,
  nodes,
  usableNodes,
  gpus,
  timeLimit,
}: PartitionFacts): string {
  const each = gpus
    .map(({ type, count }) => (type === 'gpu' ? countText(count, 'GPU') : `${count} × ${type}`))
    .join(', ');
  const usable =
    usableNodes === nodes ? countText(nodes, 'node') : `${usableNodes} of ${countText(nodes, 'node')}`;
  return [
    `${name}${isDefault ? ' (default)' : ''}: ${usable}`,
    ...(each === '' ? [] : [`with ${each}`]),
    ...(timeLimit === undefined || timeLimit === 'infinite' ? [] : [`up to ${timeLimit}`]),
    ...(isUp ? [] : ['down']),
  ].join(', ');
}
