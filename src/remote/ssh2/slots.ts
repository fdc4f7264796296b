import { cancelledError } from '../shell/markedRun';

/**
 * sshd allows 10 sessions a connection by default and frees them late; 9 leave room for that. They are enough for six attachments,
 * the channel of sockets, a call, and a look whether the link still lives.
 */
export const maxSessions = 9;
/** Waits before a refused session is asked for again. */
export const sessionRetryDelaysMs = [100, 200, 400, 800, 800, 800];

/** Hands out a fixed number of places, first come, first served. */
export class Slots {
  private free: number;
  private readonly waiting: (() => void)[] = [];

  constructor(count: number) {
    this.free = count;
  }

  /** Waits for a place; the function it gives returns the place, once. Rejects with a `RemoteError` `cancelled`. */
  async take(signal?: AbortSignal): Promise<() => void> {
    if (signal?.aborted === true) throw cancelledError();
    if (this.free > 0) {
      this.free--;
    } else {
      await new Promise<void>((resolve, reject) => {
        const turn = () => {
          signal?.removeEventListener('abort', giveUp);
          resolve();
        };
        const giveUp = () => {
          this.waiting.splice(this.waiting.indexOf(turn), 1);
          reject(cancelledError());
        };
        this.waiting.push(turn);
        signal?.addEventListener('abort', giveUp, { once: true });
      });
    }
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const next = this.waiting.shift();
      if (next === undefined) this.free++;
      else next();
    };
  }
}
