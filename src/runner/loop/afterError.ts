import { EnvironmentError } from '../../evaluation/evaluator';
import { isDiskFull } from '../journal/diskFullError';
import type { LoopContext } from './candidateFacts';
import type { Halts } from './halts';
import type { LoopControl } from './loopControl';
import { messageOf } from './pauseEvents';
import { recover, RecoveryLimit } from './recovery';
import type { SessionWriter } from './sessionWriter';
import type { Verdict } from './verdict';

export interface AfterErrorOptions extends Pick<LoopContext, 'ports' | 'record'> {
  readonly control: LoopControl;
  readonly halts: Halts;
  readonly writer: SessionWriter;
  /** Lets go of the policy, which the error may have left in any state. */
  readonly dropSearch: () => Promise<void>;
}

/**
 * What becomes of a session after an error that is not a program's: it goes on where the cause could be removed, ends where it cannot
 * begin, and otherwise waits until someone has removed the cause.
 */
export class AfterError {
  readonly #options: AfterErrorOptions;
  readonly #recoveries = new RecoveryLimit();

  constructor(options: AfterErrorOptions) {
    this.#options = options;
  }

  async verdict(error: unknown): Promise<Verdict> {
    const { ports, record, control, halts, writer, dropSearch } = this.#options;
    ports.log('Work was halted by an error', error);
    // Whatever is still in work must not write on.
    control.haltNow();
    await dropSearch();
    if (error instanceof EnvironmentError && record.snapshot.evaluated === 0) {
      const event = { type: 'session.failed' as const, message: error.message, advice: error.advice };
      return halts.endAsked() ?? { kind: 'end', cause: 'environment', event };
    }
    const recovered = halts.endAsked() === undefined && (await this.#recovered(error));
    const asked = halts.endAsked();
    if (asked !== undefined) return asked;
    if (halts.asked() === 'time') return { kind: 'again' };
    try {
      if (recovered) {
        const message = `${messageOf(error)} The cause was removed, and the session went on by itself.`;
        writer.append({ type: 'warning', code: 'recovered', message });
        return { kind: 'again' };
      }
      this.#pauseBecauseOf(error);
    } catch (full) {
      if (!isDiskFull(full)) throw full;
      this.#pauseBecauseOf(full);
    }
    return { kind: 'paused' };
  }

  async #recovered(error: unknown): Promise<boolean> {
    const { ports, record, control, halts } = this.#options;
    if (isDiskFull(error) || !this.#recoveries.mayRecover(record.snapshot)) return false;
    control.renew();
    const disarm = halts.armDeadline();
    try {
      return await recover(ports, error, control.signals.working);
    } finally {
      disarm();
    }
  }

  #pauseBecauseOf(error: unknown): void {
    this.#options.control.ask('pause');
    this.#options.writer.pauseBecauseOf(error);
  }
}
