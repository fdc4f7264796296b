import { setMaxListeners } from 'node:events';
import { LeavingError } from '../../evaluation/evaluator';
import type { Clock } from '../clock';
import type { SpentBudget } from './budgets';

/**
 * What the loop is to do. `pause-after-step`: pause when the step in work is done. `finish-step`: end when the step in work is done.
 * `leave`: end the loop and not the session.
 */
export type Wish = 'work' | 'pause' | 'pause-after-step' | 'finish-step' | 'stop' | 'leave';

/** Why work was halted. */
export type Halt = 'paused' | 'left' | 'time' | 'stopped' | SpentBudget;

/** Two ways in which work is told to end early. */
export interface WorkSignals {
  /** Begin no new proposal and no new evaluation; evaluations that run may end. */
  readonly feeding: AbortSignal;
  /** End at once. */
  readonly working: AbortSignal;
}

/** What was asked of the loop, by people, by budgets and by the clock, and the signals that carry it into the work. */
export class LoopControl {
  #wish: Wish = 'work';
  /** With `finish-step`: the step. */
  #lastStep: number | undefined;
  #timeUp = false;
  #feeding = newController();
  #working = newController();
  #wakeUp: (() => void) | undefined;

  get wish(): Wish {
    return this.#wish;
  }

  get signals(): WorkSignals {
    return { feeding: this.#feeding.signal, working: this.#working.signal };
  }

  /** `pause` halts the feeding, `stop` and `leave` all work, the others nothing. */
  ask(wish: Exclude<Wish, 'finish-step'>): void {
    this.#wish = wish;
    if (wish === 'pause') this.haltFeeding();
    if (wish === 'stop') this.haltNow();
    if (wish === 'leave') this.haltNow(new LeavingError());
    this.#wakeUp?.();
    this.#wakeUp = undefined;
  }

  /** End when this step, which is in work, is done. */
  askToFinish(step: number): void {
    this.#wish = 'finish-step';
    this.#lastStep = step;
  }

  /** A step, or the initial evaluations, are done. */
  stepEnded(): void {
    if (this.#wish === 'pause-after-step') this.ask('pause');
  }

  haltFeeding(): void {
    this.#feeding.abort();
  }

  haltNow(reason?: LeavingError): void {
    this.#feeding.abort(reason);
    this.#working.abort(reason);
  }

  /** Fresh signals for a new stretch of work. */
  renew(): void {
    this.#feeding = newController();
    this.#working = newController();
    if (this.#timeUp) this.haltNow();
    if (this.#wish !== 'finish-step') this.ask(this.#wish);
  }

  /** What halts the work, if anything does. `openStep`: the oldest step in work; `spent`: the budget that is used up. */
  halt(openStep: number | undefined, spent: SpentBudget | undefined): Halt | undefined {
    if (this.#wish === 'leave') return 'left';
    if (this.#wish === 'stop') return 'stopped';
    if (this.#timeUp) return 'time';
    if (this.#wish === 'finish-step' && openStep !== this.#lastStep) return 'stopped';
    if (spent !== undefined) return spent;
    if (this.#wish === 'finish-step') return undefined;
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

/** Every evaluation and every group may listen; that is no leak. */
function newController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
