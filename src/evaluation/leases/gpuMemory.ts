import type { Limits } from '../../domain/problem/problem';
import { findVisibleGpus, nvidiaSmi } from './visibleGpus';

/** What a host's GPUs give to the evaluations of one problem. */
export interface GpuRoom {
  /** As `findVisibleGpus` names them. */
  readonly gpus: readonly string[];
  /** Memory of the smallest, in bytes. Absent where the problem does not state what it takes of it, or one of the GPUs does not tell. */
  readonly memoryBytes?: number;
}

/** Asks the driver's tool; their memory only where `limits` say what an evaluation takes of it. */
export async function findGpuRoom(
  { gpuMemoryBytes }: Pick<Limits, 'gpuMemoryBytes'>,
  env: NodeJS.ProcessEnv,
): Promise<GpuRoom> {
  const query = ['--query-gpu=uuid,memory.total', '--format=csv,noheader,nounits'];
  const [gpus, text] = await Promise.all([
    findVisibleGpus(env),
    gpuMemoryBytes === undefined ? '' : nvidiaSmi(query, env),
  ]);
  const memoryBytes = smallestMemory(gpus, gpuMemoryInList(text));
  return { gpus, ...(memoryBytes !== undefined && { memoryBytes }) };
}

/** Bytes by UUID in lower case, from lines such as `GPU-…, 81559` (MiB). GPUs that do not tell, `[N/A]`, and parts of split ones are not in it. */
export function gpuMemoryInList(text: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, uuid, mebibytes] = /^(GPU-[0-9a-f-]+),\s*(\d{1,9})$/i.exec(line.trim()) ?? [];
    if (uuid !== undefined) found.set(uuid.toLowerCase(), Number(mebibytes) * 1024 ** 2);
  }
  return found;
}

/** Undefined where there is no GPU, or one whose memory is not known. */
export function smallestMemory(
  gpus: readonly string[],
  memory: ReadonlyMap<string, number>,
): number | undefined {
  const all = gpus.map((gpu) => memory.get(gpu.toLowerCase()) ?? 0);
  const least = all.length === 0 ? 0 : Math.min(...all);
  return least > 0 ? least : undefined;
}
