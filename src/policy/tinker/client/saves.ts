import * as z from 'zod';
import { parseAnswer } from './answers';
import type { Connection } from './connection';
import { TinkerStalledError, TinkerUsageError } from './errors';
import type { SavedByLostRequest } from './requests';

const checkpoints = z.object({
  checkpoints: z.array(z.object({ checkpoint_id: z.string(), tinker_path: z.string().nullish() })),
});
const checkEveryMs = 1000;
const saveLimitMs = 10 * 60_000;

export const checkpointName = /^[a-zA-Z0-9_-]+$/;

export function checkCheckpointName(name: string): void {
  if (!checkpointName.test(name)) {
    throw new TinkerUsageError(
      `The checkpoint name ${JSON.stringify(name)} is not allowed.`,
      'Use letters, digits, _ and -.',
    );
  }
}

/**
 * The path of a checkpoint whose save was accepted but whose answer was lost: the server tells it once it is written.
 *
 * Throws `TinkerStalledError` when it does not appear, and what sending throws.
 */
export async function pathOfLostSave(
  { requests }: Connection,
  modelId: string,
  folder: 'weights' | 'sampler_weights',
  name: string,
  lost: SavedByLostRequest,
  signal: AbortSignal,
): Promise<string> {
  const { clock, log } = requests.setup;
  log('info', `${lost.endpoint}: the answer to an earlier attempt was lost; looking for the checkpoint`);
  const path = `/training_runs/${encodeURIComponent(modelId)}/checkpoints`;
  const startMs = clock.nowMs();
  for (;;) {
    const answer = await requests.send({ path, method: 'GET' }, signal);
    const found = parseAnswer(path, answer, checkpoints).checkpoints.find(
      ({ checkpoint_id, tinker_path }) =>
        checkpoint_id === `${folder}/${name}` ||
        (checkpoint_id === name && (tinker_path ?? '').includes(`/${folder}/`) === (folder === 'weights')) ||
        (checkpoint_id === name && !tinker_path),
    );
    if (found) return found.tinker_path ?? `tinker://${modelId}/${folder}/${name}`;
    if (clock.nowMs() - startMs > saveLimitMs) throw new TinkerStalledError('SaveWeights', saveLimitMs);
    await clock.wait(checkEveryMs, signal);
  }
}
