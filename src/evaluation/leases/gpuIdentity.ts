import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Begin of the paths of all files by which evaluations take turns on GPUs. All users of a host share them. */
const lockPrefix = '/tmp/ttt-discover-';

/**
 * The files by which all evaluations of a host take turns on one GPU. Who wants it alone takes the gate, then the lock, and opens the gate again;
 * who shares it with others does the same with a shared lock. `gpu_turn.py` of the problems that are timed on a GPU uses the same.
 */
export interface TurnFiles {
  readonly gate: string;
  readonly lock: string;
}

/** `gpu`: as NVIDIA's tools and `CUDA_VISIBLE_DEVICES` name it: `GPU-` or `MIG-` and a UUID. Undefined for anything else. */
export function turnFilesOf(gpu: string): TurnFiles | undefined {
  const uuid = /^(?:GPU|MIG)-([0-9a-f-]+)$/i.exec(gpu.trim())?.[1]?.replaceAll('-', '').toLowerCase();
  if (uuid?.length !== 32) return undefined;
  return { gate: `${lockPrefix}${uuid}-gate.lock`, lock: `${lockPrefix}${uuid}-gpu.lock` };
}

/** For GPUs whose names nobody knows: one at a time of all. */
export const turnFilesOfUnknownGpus: TurnFiles = {
  gate: `${lockPrefix}unknown-gate.lock`,
  lock: `${lockPrefix}unknown-gpu.lock`,
};

/** GPUs that NVIDIA's driver tells of, in the order of their places in the machine; also those that we may not use. */
export function gpusOfDriver(): readonly string[] {
  const drivers = '/proc/driver/nvidia/gpus';
  try {
    return readdirSync(drivers)
      .toSorted()
      .flatMap((name) => {
        const text = readFileSync(join(drivers, name, 'information'), 'utf8');
        return /^GPU UUID:\s*(GPU-[0-9a-f-]+)/im.exec(text)?.[1] ?? [];
      });
  } catch {
    return [];
  }
}
