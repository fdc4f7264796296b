import type { Closeable } from '../base/emitter';

/**
 * Announces changed keys, each at most once every `intervalMs`: the first change of a quiet key at once, further ones
 * together at the end of the interval. No change is lost.
 */
export class Coalescer implements Closeable {
  private readonly pending = new Set<string>();
  private readonly resting = new Map<string, NodeJS.Timeout>();

  constructor(
    private readonly announce: (key: string) => void,
    private readonly intervalMs = 100,
  ) {}

  touch(key: string): void {
    if (this.resting.has(key)) {
      this.pending.add(key);
      return;
    }
    this.rest(key);
    this.announce(key);
  }

  dispose(): void {
    for (const timer of this.resting.values()) clearTimeout(timer);
    this.resting.clear();
    this.pending.clear();
  }

  private rest(key: string): void {
    this.resting.set(
      key,
      setTimeout(() => {
        this.resting.delete(key);
        if (this.pending.delete(key)) this.touch(key);
      }, this.intervalMs),
    );
  }
}
