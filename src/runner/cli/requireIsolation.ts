import type { SessionOptions } from '../../domain/session/options';
import { createLocalExecutor } from '../../evaluation/localExecutor';

/** Before a session is made: throws `IsolationMissingError` where its evaluations could not be isolated and nobody agreed to that. */
export async function requireIsolation({ isolation = 'auto' }: SessionOptions): Promise<void> {
  await createLocalExecutor({ isolation }).isolation();
}
