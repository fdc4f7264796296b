import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessFamily } from './endProcesses';
import { proportionalBytes, readProcess } from './processTable';
import type { ProcessRecord } from './processTable';

const calmIntervalMs = 100;
/** Near a limit we look more often, for memory can grow by gigabytes a second. */
const alertIntervalMs = 20;
const alertShare = 0.5;
/** Looking may take this share of the time at most: a host with thousands of processes is looked at less often. */
const mostLoad = 0.05;

/**
 * Looks at a family's memory (bytes over all its processes, shared pages counted once) and number of processes until
 * one of them is exceeded or the returned function is called, which resolves when no look is under way.
 */
export function watchUsage(
  family: ProcessFamily,
  limits: { readonly memoryBytes: number; readonly processes: number },
  onExceeded: (limit: 'memory' | 'processes') => void,
): () => Promise<void> {
  const ending = new AbortController();
  const watching = watch();
  // It is thrown where the returned function is awaited; until then it must not count as unhandled.
  watching.catch(() => undefined);

  async function watch(): Promise<void> {
    let intervalMs = alertIntervalMs;
    for (;;) {
      if (!(await pause(intervalMs, ending.signal))) return;
      const lookedAt = performance.now();
      const processes = family.descendants();
      if (processes.length > limits.processes) {
        onExceeded('processes');
        return;
      }
      const memoryBytes = await memoryOf(processes, limits.memoryBytes);
      if (memoryBytes > limits.memoryBytes) {
        onExceeded('memory');
        return;
      }
      const share = Math.max(memoryBytes / limits.memoryBytes, processes.length / limits.processes);
      intervalMs = Math.max(
        share > alertShare ? alertIntervalMs : calmIntervalMs,
        (performance.now() - lookedAt) / mostLoad,
      );
    }
  }

  return async () => {
    ending.abort();
    await watching;
  };
}

/**
 * Resident memory counts a page once for each process that shares it, after a fork for example. Where that sum is
 * too high, the exact and dearer number decides.
 */
async function memoryOf(processes: readonly ProcessRecord[], limitBytes: number): Promise<number> {
  const resident = processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
  if (resident <= limitBytes) return resident;
  let exact = 0;
  // One that has ended meanwhile holds nothing; one that hides its number counts as it is.
  for (const { pid } of processes)
    exact += (await proportionalBytes(pid)) ?? readProcess(pid)?.residentBytes ?? 0;
  return exact;
}

/** False if the signal ended it. */
async function pause(durationMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(durationMs, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
