import { availableParallelism } from 'node:os';
import type { Problem } from '../../domain/problem/problem';
import type { HostDefaults } from '../../domain/session/resolveOptions';
import { withoutAbsent } from '../../domain/withoutAbsent';
import { physicalCores, readTopology } from '../../evaluation/leases/physicalCores';
import { findGpuRoom } from '../../evaluation/leases/gpuMemory';

/** What this host can give to the evaluations of a problem. */
export async function hostShares(
  problem: Pick<Problem, 'evaluator' | 'limits' | 'executor'>,
  env: NodeJS.ProcessEnv,
): Promise<Omit<HostDefaults, 'randomSeed'>> {
  const asksForGpus = problem.limits.gpus > 0 && problem.executor !== 'slurm';
  const { gpus, memoryBytes } = asksForGpus ? await findGpuRoom(problem.limits, env) : { gpus: [] };
  return {
    processors: processorsFor(problem),
    ...(gpus.length > 0 && { gpus: gpus.length }),
    ...withoutAbsent({ gpuMemoryBytes: memoryBytes }),
  };
}

/** Programs of contests run on one processor of a core each, and the others stay idle. */
function processorsFor({ evaluator }: Pick<Problem, 'evaluator'>): number {
  const isContest = evaluator.kind === 'foreign' && evaluator.format === 'atcoder';
  const cores = isContest ? physicalCores(readTopology()).length : 0;
  return cores > 0 ? cores : availableParallelism();
}
