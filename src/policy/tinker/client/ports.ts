import { randomUUID } from 'node:crypto';

/** Time, in milliseconds since 1970. */
export interface Clock {
  nowMs(): number;
  /** Resolves after `durationMs`; rejects with the signal's reason when that is aborted first. */
  wait(durationMs: number, signal: AbortSignal): Promise<void>;
  /** Runs `action` once after `durationMs`, unless cancelled before. Does not keep the process alive. */
  after(durationMs: number, action: () => void): { cancel(): void };
}

export interface ClientRandom {
  /** Uniform in [0, 1): the jitter of retries. */
  uniform(): number;
  /**
   * Never the same twice, not even after a restart with the same seed: servers answer a known idempotency key with the old
   * answer.
   */
  uuid(): string;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export type LogLevel = 'debug' | 'info' | 'warning';

/** Receives one line a call. Keys and tokens are taken out before. */
export type Log = (level: LogLevel, message: string) => void;

/** A key of the service (`tml-…`), or a JWT. Called for each exchange, so a rotated key is picked up. */
export type CredentialsProvider = (signal: AbortSignal) => Promise<string>;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  wait: (durationMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(abortReason(signal));
        return;
      }
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(abortReason(signal));
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      }, durationMs);
      signal.addEventListener('abort', onAbort, { once: true });
    }),
  after: (durationMs, action) => {
    const timer = setTimeout(action, durationMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export const systemRandom: ClientRandom = { uniform: () => Math.random(), uuid: () => randomUUID() };

/** What to throw for an aborted signal: its reason, which callers recognise as their own cancellation. */
export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException('This operation was aborted', 'AbortError');
}

/** `work`, or the signal's reason as soon as it is aborted; the work itself goes on unobserved. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => undefined);
    throw abortReason(signal);
  }
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(abortReason(signal));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
