import type { Clock } from '../clock';

/** What the loop is to do. `finish-step`: end when the step in work is done. `leave`: end the loop and not the session. */
export type Wish = 'work' | 'pause' | 'finish-step' | 'stop' | 'leave';

/** Why work was halted. */
export type Halt = 'paused' | 'left' | 'time' | 'stopped';

/** Two ways in which work is told to end early. */
export interface WorkSignals {
  /** Begin no new evaluation; those that run may end. */
  readonly feeding: AbortSignal;
  /** End at once. */
  readonly working: AbortSignal;
}

/** What was asked of the loop, by people and by the clock, and the signals that carry it into the work. */
export class LoopControl {
  #wish: Wish = 'work';
  #timeUp = false;
  #feeding = new AbortController();
  #working = new AbortController();
  #wakeUp: (() => void) | undefined;

  get wish(): Wish {
    return this.#wish;
  }

  get signals(): WorkSignals {
    return { feeding: this.#feeding.signal, working: this.#working.signal };
  }

  /** `pause` halts the feeding, `stop` and `leave` all work, `finish-step` nothing. */
  ask(wish: Wish): void {
    this.#wish = wish;
    if (wish === 'pause') this.#feeding.abort();
    if (wish === 'stop' || wish === 'leave') this.haltNow();
    this.#wakeUp?.();
    this.#wakeUp = undefined;
  }

  haltNow(): void {
    this.#feeding.abort();
    this.#working.abort();
  }

  /** Fresh signals for a new stretch of work. */
  renew(): void {
    this.#feeding = new AbortController();
    this.#working = new AbortController();
    this.ask(this.#wish);
  }

  /** What halts the work, if anything does. `stepOpen`: a step is in work. */
  halt(stepOpen: boolean): Halt | undefined {
    if (this.#wish === 'leave') return 'left';
    if (this.#wish === 'stop') return 'stopped';
    if (this.#timeUp) return 'time';
    if (this.#wish === 'finish-step') return stepOpen ? undefined : 'stopped';
    // The feeding may have been halted by a pause that was taken back since.
    return this.#wish === 'pause' || this.#feeding.signal.aborted ? 'paused' : undefined;
  }

  /** Resolves when there is another wish than to pause. */
  async untilUnpaused(): Promise<void> {
    while (this.#wish === 'pause') {
      await new Promise<void>((resolve) => {
        this.#wakeUp = resolve;
      });
    }
  }

  /** Halts the work when `leftMs()` falls to 0. Gives what disarms it. */
  armDeadline(clock: Clock, leftMs: () => number): () => void {
    let cancel = (): void => undefined;
    const look = (): void => {
      const left = leftMs();
      if (left > 0) {
        cancel = clock.after(left, look);
        return;
      }
      this.#timeUp = true;
      this.haltNow();
    };
    look();
    return () => {
      cancel();
    };
  }
}
