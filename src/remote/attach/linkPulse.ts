import type { FollowerClock } from './sessionFollower';

export interface PulseOptions {
  /** A host that has said nothing for so long is asked. */
  readonly pingEveryMs: number;
  /** How long it may then say nothing. */
  readonly deadlineMs: number;
  readonly clock: Pick<FollowerClock, 'nowMs' | 'setTimer'>;
  readonly ping: () => void;
  /** Called once; the pulse has stopped then. */
  readonly onDead: () => void;
}

/** A look that comes so many intervals late says that the machine has slept. */
const sleptIntervals = 3;

/**
 * Finds out that a link is dead: asks where nothing was heard, and waits for any word of the host. The silence is counted in
 * looks at an even pace and not by a clock: a machine that has slept finds all its deadlines over at once, with the answers
 * still unread. So after a sleep the host is asked anew, and only then given up.
 */
export class LinkPulse {
  readonly #options: PulseOptions;
  readonly #lookEveryMs: number;
  #quietMs = 0;
  /** Since the host was asked; `undefined`: it was not. */
  #askedMs: number | undefined;
  #lookedAtMs: number;
  #clearTimer: (() => void) | undefined;

  constructor(options: PulseOptions) {
    this.#options = options;
    this.#lookEveryMs = Math.min(options.pingEveryMs, options.deadlineMs) / 2;
    this.#lookedAtMs = options.clock.nowMs();
    this.#arm();
  }

  /** Something came from the host. */
  heard(): void {
    this.#quietMs = 0;
    this.#askedMs = undefined;
  }

  stop(): void {
    this.#clearTimer?.();
    this.#clearTimer = undefined;
  }

  #arm(): void {
    this.#clearTimer = this.#options.clock.setTimer(this.#lookEveryMs, () => this.#look());
  }

  #look(): void {
    const nowMs = this.#options.clock.nowMs();
    const hasSlept = nowMs - this.#lookedAtMs > sleptIntervals * this.#lookEveryMs;
    this.#lookedAtMs = nowMs;
    this.#quietMs += this.#lookEveryMs;
    if (hasSlept) this.#ask();
    else if (this.#askedMs === undefined) {
      if (this.#quietMs >= this.#options.pingEveryMs) this.#ask();
    } else {
      this.#askedMs += this.#lookEveryMs;
      if (this.#askedMs >= this.#options.deadlineMs) {
        this.stop();
        this.#options.onDead();
        return;
      }
    }
    this.#arm();
  }

  #ask(): void {
    this.#askedMs = 0;
    this.#options.ping();
  }
}
