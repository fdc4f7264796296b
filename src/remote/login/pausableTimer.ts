/** A deadline whose clock stands still while a person is being asked something. */
export class PausableTimer {
  private timer: NodeJS.Timeout | undefined;
  private onExpired: (() => void) | undefined;
  private leftMs = 0;
  private startedAtMs = 0;
  private pauses = 0;

  /** Replaces the deadline before it. */
  start(ms: number, onExpired: () => void): void {
    this.clear();
    this.leftMs = ms;
    this.onExpired = onExpired;
    if (this.pauses === 0) this.run();
  }

  pause(): void {
    if (this.pauses++ > 0 || this.timer === undefined) return;
    this.clear();
    this.leftMs -= performance.now() - this.startedAtMs;
  }

  resume(): void {
    if (this.pauses > 0 && --this.pauses === 0 && this.onExpired !== undefined) this.run();
  }

  stop(): void {
    this.clear();
    this.onExpired = undefined;
  }

  private run(): void {
    this.startedAtMs = performance.now();
    this.timer = setTimeout(() => this.onExpired?.(), Math.max(0, this.leftMs));
  }

  private clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
