/** Lets a number of callers work at once; the others wait in the order in which they came. */
export interface Turns {
  /** Resolves with the function that gives the place back. Rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
}

export function createTurns(places: number): Turns {
  let free = places;
  const waiting = new Set<() => void>();

  const giveBack = (): void => {
    free += 1;
    const [next] = waiting;
    next?.();
  };

  return {
    take(signal) {
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          waiting.delete(begin);
          reject(signal.reason instanceof Error ? signal.reason : new Error('Cancelled'));
        };
        const begin = (): void => {
          waiting.delete(begin);
          signal.removeEventListener('abort', onAbort);
          free -= 1;
          let given = false;
          resolve(() => {
            if (given) return;
            given = true;
            giveBack();
          });
        };
        if (signal.aborted) onAbort();
        else if (free > 0) begin();
        else {
          waiting.add(begin);
          signal.addEventListener('abort', onAbort, { once: true });
        }
      });
    },
  };
}
