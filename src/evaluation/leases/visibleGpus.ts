import { execFile } from 'node:child_process';
import { gpusOfDriver } from './gpuIdentity';

/** A driver that is not kept loaded takes seconds. */
const mostMs = 30_000;

/**
 * NVIDIA GPUs that evaluations may use, as `CUDA_VISIBLE_DEVICES` names them (`GPU-` or `MIG-` and a UUID): those that the container or the job
 * has, and of these, those that the environment's own `CUDA_VISIBLE_DEVICES` leaves. Empty where none is known, which says nothing about
 * GPUs of other makers.
 */
export async function findVisibleGpus(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  // The driver tells of GPUs, too, that a job has no right to; its tool does not.
  const listed = gpusInList(await nvidiaSmi(['-L'], env));
  return selectGpus(
    listed.length > 0 ? listed : gpusOfDriver().map((gpu) => [gpu]),
    env['CUDA_VISIBLE_DEVICES'],
  );
}

/** What `nvidia-smi -L` prints: of each GPU its name, or those of the parts that it is split into (MIG), of which a program uses one each. */
export function gpusInList(text: string): readonly (readonly string[])[] {
  const gpus: { name: string; parts: string[] }[] = [];
  for (const line of text.split('\n')) {
    const name = /\(UUID: ([^)]+)\)/.exec(line)?.[1];
    if (name === undefined) continue;
    if (/^GPU \d+:/.test(line)) gpus.push({ name, parts: [] });
    else gpus.at(-1)?.parts.push(name);
  }
  return gpus.map(({ name, parts }) => (parts.length > 0 ? parts : [name]));
}

/** Of GPUs in order, each with its parts, those that `CUDA_VISIBLE_DEVICES` leaves: it ends with the first word that names none, as CUDA reads it. */
export function selectGpus(
  gpus: readonly (readonly string[])[],
  visible: string | undefined,
): readonly string[] {
  if (visible === undefined) return gpus.flat();
  const selected: string[] = [];
  for (const word of visible.split(',').map((part) => part.trim())) {
    const found = /^\d+$/.test(word)
      ? gpus[Number(word)]
      : gpus.flat().filter((name) => word !== '' && name.toLowerCase().startsWith(word.toLowerCase()));
    if (found === undefined || found.length === 0 || (!/^\d+$/.test(word) && found.length > 1)) break;
    selected.push(...found);
  }
  return [...new Set(selected)];
}

/** What the tool prints; empty where it is not there or fails. */
export function nvidiaSmi(
  args: readonly string[],
  { PATH, LD_LIBRARY_PATH }: NodeJS.ProcessEnv,
): Promise<string> {
  const env = {
    ...(PATH !== undefined && { PATH }),
    ...(LD_LIBRARY_PATH !== undefined && { LD_LIBRARY_PATH }),
  };
  return new Promise((resolve) => {
    execFile('nvidia-smi', args, { env, timeout: mostMs, killSignal: 'SIGKILL' }, (error, stdout) => {
      resolve(error === null ? stdout : '');
    });
  });
}
