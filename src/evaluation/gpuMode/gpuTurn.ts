import { withMakerLock } from '../makerLock';
import { createTurns } from '../turns';

/** One evaluation at a time has the GPU, since others would disturb its times. */
export interface GpuTurn {
  /** Resolves with the function that gives the GPU back. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => Promise<void>>;
}

/** @param lockPath shared by all sessions of the host. */
export function createGpuTurn(lockPath: string): GpuTurn {
  const turns = createTurns(1);
  return {
    async take(signal) {
      const giveBackHere = await turns.take(signal);
      try {
        const giveBackLock = await holdLock(lockPath, signal);
        return async () => {
          await giveBackLock();
          giveBackHere();
        };
      } catch (error) {
        giveBackHere();
        throw error;
      }
    },
  };
}

/** Resolves when the lock is ours, with the function that opens it. */
function holdLock(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const held = withMakerLock<undefined>(
      path,
      { signal, onWaiting: () => undefined, made: () => Promise.resolve(undefined) },
      () =>
        new Promise<undefined>((open) => {
          resolve(async () => {
            open(undefined);
            await held;
          });
        }),
    );
    held.catch(reject);
  });
}
