interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long the commands of one evaluation ran, and how long they only waited; several may run at once. */
export class CommandTimes {
  readonly #all: Span[] = [];
  readonly #running: Span[] = [];

  /** A command that has ended at `endedMs` after `tookMs`, of which it did nothing but wait for the first `waitedMs`. */
  add({ endedMs, tookMs, waitedMs }: { endedMs: number; tookMs: number; waitedMs: number }): void {
    const fromMs = endedMs - tookMs;
    this.#all.push({ fromMs, toMs: endedMs });
    this.#running.push({ fromMs: fromMs + Math.min(tookMs, Math.max(0, waitedMs)), toMs: endedMs });
  }

  /** In which at least one ran. */
  get durationMs(): number {
    return covered(this.#running);
  }

  /** In which there were commands, and all of them waited. */
  get waitedMs(): number {
    return Math.max(0, covered(this.#all) - covered(this.#running));
  }
}

function covered(spans: readonly Span[]): number {
  let sum = 0;
  let untilMs = -Infinity;
  for (const { fromMs, toMs } of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    sum += Math.max(0, toMs - Math.max(fromMs, untilMs));
    untilMs = Math.max(untilMs, toMs);
  }
  return sum;
}
