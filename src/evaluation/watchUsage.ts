import { setTimeout as delay } from 'node:timers/promises';
import type { ProcessFamily } from './endProcesses';
import { proportionalBytes, readProcess } from './processTable';
import type { ProcessRecord } from './processTable';

const calmIntervalMs = 100;
/** Near a limit we look more often, for memory can grow by gigabytes a second. */
const alertIntervalMs = 20;
const alertShare = 0.5;
/** Looking may take this share of the time at most, a host with thousands of processes is looked at less often, */
const mostLoad = 0.05;
/** but not so seldom that thousands more could be started meanwhile. */
const longestIntervalMs = 1000;

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
    let counting: ExactCount | undefined;
    while (await pause(intervalMs, ending.signal)) {
      const lookedAt = performance.now();
      const processes = family.descendants();
      if (processes.length > limits.processes) {
        onExceeded('processes');
        break;
      }
      // A page counts once for each process that shares it, after a fork for example. Where that sum is too high, the exact and dearer number decides.
      let memoryBytes = processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
      if (memoryBytes > limits.memoryBytes) {
        if (counting === undefined || (counting.isOver() && lookedAt >= counting.nextAt()))
          counting = countExactly(processes, limits.memoryBytes, ending.signal);
        memoryBytes = counting.bytes();
      }
      if (memoryBytes > limits.memoryBytes) {
        onExceeded('memory');
        break;
      }
      const share = Math.max(memoryBytes / limits.memoryBytes, processes.length / limits.processes);
      const boundedMs = intervalAfter(performance.now() - lookedAt);
      intervalMs = Math.max(share > alertShare ? alertIntervalMs : calmIntervalMs, boundedMs);
    }
    ending.abort();
    await counting?.done;
  }

  return async () => {
    ending.abort();
    await watching;
  };
}

/** Of memory, while processes are looked at on: a bomb can start thousands in the seconds that it takes. */
interface ExactCount {
  readonly done: Promise<void>;
  readonly isOver: () => boolean;
  /** By `performance.now()`. */
  readonly nextAt: () => number;
  /** As far as it is counted; of more than the limit only so much. Throws what made it fail. */
  readonly bytes: () => number;
}

function countExactly(
  processes: readonly ProcessRecord[],
  limitBytes: number,
  signal: AbortSignal,
): ExactCount {
  let bytes = 0;
  let nextAt: number | undefined;
  let failure: Error | undefined;
  const count = async (): Promise<void> => {
    const startedAt = performance.now();
    // One that has ended meanwhile holds nothing; one that hides its number counts as it is.
    for (const { pid } of processes) {
      bytes += (await proportionalBytes(pid)) ?? readProcess(pid)?.residentBytes ?? 0;
      if (bytes > limitBytes || signal.aborted) break;
    }
    nextAt = performance.now() + intervalAfter(performance.now() - startedAt);
  };
  return {
    done: count().catch((error: unknown) => {
      failure = error instanceof Error ? error : new Error(String(error));
    }),
    isOver: () => nextAt !== undefined,
    nextAt: () => nextAt ?? Infinity,
    bytes: () => {
      if (failure !== undefined) throw failure;
      return bytes;
    },
  };
}

function intervalAfter(tookMs: number): number {
  return Math.min(longestIntervalMs, tookMs / mostLoad);
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
