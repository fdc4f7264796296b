import { spawn } from 'node:child_process';
import { makeTurnFiles } from '../sandbox/timingLocks';
import { turnFilesOf, turnFilesOfUnknownGpus, type TurnFiles } from './gpuIdentity';

/** GPUs on which nothing else takes times, and no other evaluation computes. */
export interface GpuTurn {
  readonly waitedMs: number;
  /** Rejects if the turn was lost meanwhile, so that others may have computed on the GPUs, too. */
  giveBack(): Promise<void>;
}

/**
 * $1: the gate, $2: the lock (`TurnFiles`). The kernel opens both when this process ends, and it ends when its input does: with who started it, however
 * that ends. Who waits keeps the gate, so that nobody goes before him for ever.
 */
const holdScript =
  'exec 8<"$1" 9<"$2" && flock 8 && flock 9 && flock -u 8 && echo held && exec 8<&- && read -r _';

/**
 * Waits until the GPUs are ours alone. Who has the gate waits for those alone who have the GPU then; who comes next to the gate is the kernel's
 * choice, since flock(2) promises no order. `gpus`: as `CUDA_VISIBLE_DEVICES` names them; without any, one evaluation at a time of all
 * on this host whose GPUs nobody knows. Rejects with the signal's reason.
 */
export async function takeGpusAlone(gpus: readonly string[], signal: AbortSignal): Promise<GpuTurn> {
  const askedMs = performance.now();
  const files = gpus.flatMap((gpu) => turnFilesOf(gpu) ?? []);
  // In one order for all, or two that want the same two GPUs would wait for each other.
  const wanted = (files.length > 0 ? files : [turnFilesOfUnknownGpus]).toSorted((a, b) =>
    a.lock < b.lock ? -1 : 1,
  );
  const held: Holder[] = [];
  const giveBack = async (): Promise<void> => {
    for (const holder of held.toReversed()) await holder.end();
  };
  try {
    for (const one of wanted) held.push(await hold(one, signal));
  } catch (error) {
    await giveBack();
    throw error;
  }
  return {
    waitedMs: performance.now() - askedMs,
    async giveBack() {
      const isLost = held.some((holder) => holder.hasEnded());
      await giveBack();
      if (isLost)
        throw new Error('The turn on a GPU was lost: the process that held it was ended by somebody else.');
    },
  };
}

interface Holder {
  hasEnded(): boolean;
  end(): Promise<void>;
}

function hold(files: TurnFiles, signal: AbortSignal): Promise<Holder> {
  signal.throwIfAborted();
  if (!makeTurnFiles([files.gate, files.lock])) {
    throw new Error(`${files.lock} cannot be opened, by which evaluations take turns on a GPU: remove it.`);
  }
  // A process group of its own: `flock` is another process than the shell.
  const child = spawn('/bin/sh', ['-c', holdScript, 'sh', files.gate, files.lock], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  const kill = (): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, 'SIGKILL');
  };
  return new Promise((resolve, reject) => {
    let words = '';
    const onAbort = (): void => kill();
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdin.on('error', () => undefined);
    child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString('utf8')));
    child.once('error', reject);
    child.stdout.once('data', () => {
      signal.removeEventListener('abort', onAbort);
      resolve({
        hasEnded: () => child.exitCode !== null || child.signalCode !== null,
        async end() {
          child.stdin.end();
          await ended;
        },
      });
    });
    void ended.then(() => {
      signal.removeEventListener('abort', onAbort);
      if (signal.aborted) reject(signal.reason instanceof Error ? signal.reason : new Error('Cancelled'));
      else
        reject(
          new Error(
            `A turn on a GPU cannot be taken: ${words.trim() || 'flock gave no reason'}. It needs flock (util-linux).`,
          ),
        );
    });
  });
}
