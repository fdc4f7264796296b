/** Time as the runner sees it; tests hand in their own. */
export interface Clock {
  /** Unix milliseconds; may jump. For display alone. */
  wallMs(): number;
  /** Milliseconds since this process began; never goes back. */
  monotonicMs(): number;
  /** Calls `action` once after `delayMs`, unless the returned function is called before. */
  after(delayMs: number, action: () => void): () => void;
}

/** Longest delay that `setTimeout` keeps; longer ones would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, Math.min(Math.max(delayMs, 0), longestTimerMs));
    return () => {
      clearTimeout(timer);
    };
  },
};
