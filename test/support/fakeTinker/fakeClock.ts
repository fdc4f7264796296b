import type { Clock } from '../../../src/policy/tinker/client/ports';

/** Waits are over at once and move the time on; timers go off only in `pass`. */
export class FakeClock implements Clock {
  private timeMs = Date.UTC(2026, 0, 31);
  private readonly timers = new Set<{ atMs: number; action: () => void }>();
  /** Every wait, in milliseconds, in order. */
  readonly waits: number[] = [];

  nowMs(): number {
    return this.timeMs;
  }

  async wait(durationMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.waits.push(durationMs);
    this.timeMs += durationMs;
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
  }

  after(durationMs: number, action: () => void): { cancel(): void } {
    const timer = { atMs: this.timeMs + durationMs, action };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  get pendingTimers(): number {
    return this.timers.size;
  }

  /** Moves the time on, and lets the timers go off that are due. */
  pass(durationMs: number): void {
    this.timeMs += durationMs;
    for (const timer of [...this.timers].sort((a, b) => a.atMs - b.atMs)) {
      if (timer.atMs > this.timeMs) continue;
      this.timers.delete(timer);
      timer.action();
    }
  }
}
