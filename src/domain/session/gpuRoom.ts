import type { Limits } from '../problem/problem';

/** The driver and its contexts take some of a GPU's memory for themselves. */
const usableShare = 0.95;

/**
 * How many evaluations have room in the memory of one GPU, at least 1. `gpuMemoryBytes`: what the GPU has. Undefined where the problem
 * does not say what an evaluation takes, or the host does not tell what it has.
 */
export function evaluationsPerGpu(
  limits: Pick<Limits, 'gpuMemoryBytes'>,
  gpuMemoryBytes: number | undefined,
): number | undefined {
  if (limits.gpuMemoryBytes === undefined || gpuMemoryBytes === undefined) return undefined;
  return Math.max(1, Math.floor((usableShare * gpuMemoryBytes) / limits.gpuMemoryBytes));
}
