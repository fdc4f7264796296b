import type { Problem } from '../../domain/problem/problem';
import type { SessionOptions } from '../../domain/session/options';
import { createLocalExecutor } from '../../evaluation/localExecutor';

/**
 * Before a session is made: throws `IsolationMissingError` where its evaluations could not be isolated and nobody agreed to that. Jobs
 * of a cluster look for themselves, each on its node.
 */
export async function requireIsolation(
  { executor }: Problem,
  { isolation = 'auto' }: SessionOptions,
): Promise<void> {
  if (executor === 'slurm') return;
  await createLocalExecutor({ isolation }).isolation();
}
