import { finishedStepCount } from '../../domain/search/replay';
import type { JournalEntry, SessionEvent } from '../../domain/session/events';
import type { UnknownEntry } from '../../domain/session/reduce';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { EnvironmentError } from '../../evaluation/evaluator';
import { isDiskFull } from '../journal/diskFullError';
import { spentBudget, type SpentBudget } from './budgets';
import { CandidateFacts } from './candidateFacts';
import { LoopControl, type Halt } from './loopControl';
import { Occupancy } from './occupancy';
import { diskFullPause, errorPause, messageOf } from './pauseEvents';
import {
  SessionOverError,
  type FinalEvent,
  type RunnerFacts,
  type SessionEnd,
  type SessionFrame,
  type SessionPorts,
} from './ports';
import { recover, RecoveryLimit } from './recovery';
import { SessionRecord } from './sessionRecord';
import { StepSequence } from './stepSequence';
import { Stretch } from './stretch';
import { finishedBy, initialFailure, type Verdict } from './verdict';

/**
 * Runs one session: what is done when stands in `StepSequence`; here is what people, budgets, the clock and errors change in it.
 *
 * The journal is the truth. Everything in memory is derived from its entries, so a new loop over the journal of a killed
 * one completes the step that was in work and goes on as if nothing had been. All randomness is keyed by the session's
 * seed and the candidate's place, never by time or order; so with a deterministic policy and evaluator the candidates are the
 * same however often the session was interrupted. Nothing is evaluated twice in the journal.
 */
export class SessionLoop {
  readonly #ports: SessionPorts;
  readonly #frame: SessionFrame;
  readonly #runner: RunnerFacts;
  readonly #record = new SessionRecord();
  readonly #control = new LoopControl();
  readonly #facts: CandidateFacts;
  readonly #occupancy: Occupancy;
  readonly #steps: StepSequence;
  readonly #recoveries = new RecoveryLimit();
  #stretch: Stretch | undefined;

  /** `history`: what the journal has. Throws `SequenceError` if a part of it is missing. */
  constructor(
    ports: SessionPorts,
    frame: SessionFrame,
    runner: RunnerFacts,
    history: readonly (JournalEntry | UnknownEntry)[],
  ) {
    this.#ports = ports;
    this.#frame = frame;
    this.#runner = runner;
    this.#record.apply(history);
    const context = { ports, frame, record: this.#record };
    this.#facts = new CandidateFacts(context);
    this.#occupancy = new Occupancy(ports.clock, frame.options.concurrency);
    this.#steps = new StepSequence({
      ...context,
      facts: this.#facts,
      control: this.#control,
      occupancy: this.#occupancy,
      append: (event) => {
        this.#append(event);
      },
      haltAsked: () => this.#haltAsked(),
    });
  }

  get snapshot(): SessionSnapshot {
    return this.#record.snapshot;
  }

  /**
   * Works until the session is over or `leave` is called. A session that was paused goes on; one that is over stays so.
   * Call it once.
   */
  async run(): Promise<SessionEnd> {
    if (this.#record.final !== undefined) return { kind: 'ended', event: this.#record.final };
    const recorded = this.#ports.recordedEnd();
    if (recorded !== undefined) return this.#end(recorded);
    this.#begin();
    try {
      for (;;) {
        const verdict = await this.#workUntilHalt().catch((error: unknown) => this.#afterError(error));
        if (verdict.kind === 'again') continue;
        if (verdict.kind === 'paused') {
          await this.#untilResumed();
          continue;
        }
        // Before the last entry, so that a runner that is killed meanwhile leaves a session that lets go of it later.
        await this.#steps.dropSearch();
        if (verdict.kind === 'left') return { kind: 'left' };
        return this.#end(verdict.event, verdict.cause);
      }
    } finally {
      await this.#steps.dropSearch();
    }
  }

  /**
   * Running evaluations end, no new ones begin; `afterStep`: when the step in work (or the initial evaluations) are done. Throws
   * `SessionOverError`, `DiskFullError`.
   */
  pause({ afterStep = false }: { readonly afterStep?: boolean } = {}): void {
    this.#requireLive();
    const { wish } = this.#control;
    if (wish !== 'work' && (wish !== 'pause-after-step' || afterStep)) return;
    this.#append({ type: 'request.received', request: 'pause', ...(afterStep ? { afterStep } : {}) });
    this.#control.ask(afterStep ? 'pause-after-step' : 'pause');
  }

  /** Takes a pause back. Throws `SessionOverError`, `DiskFullError`. */
  resume(): void {
    this.#requireLive();
    const { wish } = this.#control;
    if (wish !== 'pause' && wish !== 'pause-after-step') return;
    this.#append({ type: 'request.received', request: 'resume' });
    this.#control.ask('work');
  }

  /**
   * Ends the session for good: when the step in work is done, or at once with `now` or where no step is in work; running
   * evaluations are then killed. Throws `SessionOverError`, `DiskFullError`.
   */
  stop(options: { readonly now: boolean }): void {
    this.#requireLive();
    const { wish } = this.#control;
    if (wish === 'stop' || wish === 'leave') return;
    const step = options.now || wish === 'pause' ? undefined : this.#record.openSteps[0]?.step;
    if (step !== undefined && wish === 'finish-step') return;
    this.#append({ type: 'request.received', request: 'stop' });
    if (step === undefined) this.#control.ask('stop');
    else {
      this.#control.askToFinish(step);
      this.#stretch?.stopSamplingAfter(step);
    }
  }

  /**
   * Steers the prompts of the steps that begin from here on. Where no language model reads it, the journal says so. Throws
   * `SessionOverError`, `DiskFullError`.
   */
  note(text: string): void {
    this.#requireLive();
    this.#append({ type: 'note.added', text });
    if (this.#frame.options.policy === 'tunables') this.#append({ type: 'warning', ...unreadNote });
  }

  /** Later prompts cite none of the notes so far. Throws `SessionOverError`, `DiskFullError`. */
  removeNotes(): void {
    this.#requireLive();
    if (this.snapshot.notes.length > 0) this.#append({ type: 'notes.removed' });
  }

  /** Ends the loop and not the session: it can be resumed from the journal. */
  leave(): void {
    this.#control.ask('leave');
  }

  #begin(): void {
    const { sessionId, problem, options } = this.#frame;
    if (this.#record.snapshot.sessionId === undefined) {
      this.#append({ type: 'session.created', version: 1, sessionId, problem, options });
    }
    this.#append({ type: 'runner.started', ...this.#runner });
    // A runner starts again only because someone asked for it; that takes a pause back, but never a stop.
    const { status } = this.#record.snapshot;
    if (status === 'stopping') {
      this.#control.ask('stop');
    } else if (this.#record.paused || status === 'pausing') {
      this.#append({ type: 'request.received', request: 'resume' });
      if (this.#record.paused) this.#append({ type: 'session.resumed' });
    }
  }

  async #workUntilHalt(): Promise<Verdict> {
    this.#control.renew();
    const disarm = this.#armDeadline();
    let halt: Halt | 'steps' | 'no-initial';
    try {
      halt = await this.#workOneStretch();
    } catch (error) {
      const asked = this.#haltAsked();
      if (asked === undefined || !this.#control.signals.working.aborted) throw error;
      // That work ends by being cancelled is no error.
      if (!isAbort(error)) this.#ports.log('An error while work was being ended', error);
      halt = asked;
    } finally {
      disarm();
    }
    if (halt === 'left') return { kind: 'left' };
    if (halt === 'no-initial') return initialFailure(this.snapshot);
    if (halt !== 'paused') return finishedBy(halt, this.snapshot);
    // A pause that was taken back before it took place is none.
    if (this.#control.wish !== 'pause') return { kind: 'again' };
    this.#append({ type: 'session.paused', reason: 'user' });
    return { kind: 'paused' };
  }

  async #workOneStretch(): Promise<Halt | 'steps' | 'no-initial'> {
    const asked = this.#haltAsked();
    if (asked !== undefined) return asked;
    const stretch = new Stretch({
      ports: this.#ports,
      frame: this.#frame,
      record: this.#record,
      facts: this.#facts,
      signals: this.#control.signals,
      occupancy: this.#occupancy,
      append: (event) => {
        this.#append(event);
      },
      onEvaluationBegun: () => {
        this.#lookAtBudgets();
      },
    });
    this.#stretch = stretch;
    try {
      const halt = await this.#steps.work(stretch);
      // Of a step that overlaps the last one.
      if (halt === 'stopped') this.#control.haltNow();
      return halt;
    } catch (error) {
      stretch.fail(error);
      throw error;
    } finally {
      // Its own failures come first.
      await stretch.end();
      this.#stretch = undefined;
    }
  }

  #end(event: FinalEvent, cause?: 'environment' | 'initial-program'): SessionEnd {
    try {
      this.#ports.recordEnd(event);
      this.#append(event);
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      // The session is over: the reserve is there for this.
      this.#applyWritten(this.#ports.journal.appendFromReserve(event));
      this.#ports.recordEnd(event);
    }
    return { kind: 'ended', event, ...(cause === undefined ? {} : { cause }) };
  }

  /** An error that is not a program's: the session waits until someone has removed the cause. */
  async #afterError(error: unknown): Promise<Verdict> {
    this.#ports.log('Work was halted by an error', error);
    // Whatever is still in work must not write on.
    this.#control.haltNow();
    await this.#steps.dropSearch();
    if (error instanceof EnvironmentError && this.#record.snapshot.evaluated === 0) {
      const event = { type: 'session.failed' as const, message: error.message, advice: error.advice };
      return this.#endAsked() ?? { kind: 'end', cause: 'environment', event };
    }
    const recovered = this.#endAsked() === undefined && (await this.#recovered(error));
    const asked = this.#endAsked();
    if (asked !== undefined) return asked;
    if (this.#haltAsked() === 'time') return { kind: 'again' };
    try {
      if (recovered) {
        const message = `${messageOf(error)} The cause was removed, and the session went on by itself.`;
        this.#append({ type: 'warning', code: 'recovered', message });
        return { kind: 'again' };
      }
      this.#pauseBecauseOf(error);
    } catch (full) {
      if (!isDiskFull(full)) throw full;
      this.#pauseBecauseOf(full);
    }
    return { kind: 'paused' };
  }

  /** The end that was asked for while work was halted by an error. */
  #endAsked(): Verdict | undefined {
    const { wish } = this.#control;
    if (wish === 'leave') return { kind: 'left' };
    return wish === 'stop' || wish === 'finish-step' ? finishedBy('stopped', this.snapshot) : undefined;
  }

  async #recovered(error: unknown): Promise<boolean> {
    if (isDiskFull(error) || !this.#recoveries.mayRecover(this.snapshot)) return false;
    this.#control.renew();
    const disarm = this.#armDeadline();
    try {
      return await recover(this.#ports, error, this.#control.signals.working);
    } finally {
      disarm();
    }
  }

  #pauseBecauseOf(error: unknown): void {
    this.#control.ask('pause');
    try {
      if (isDiskFull(error)) throw error;
      this.#append(errorPause(error));
    } catch (full) {
      if (!isDiskFull(full)) throw full;
      try {
        this.#applyWritten(this.#ports.journal.appendFromReserve(diskFullPause(full)));
      } catch (stillFull) {
        if (!isDiskFull(stillFull)) throw stillFull;
        // Another program took the room that the reserve gave. The session pauses all the same.
        this.#ports.log('The pause could not be written to the journal', stillFull);
      }
    }
  }

  async #untilResumed(): Promise<void> {
    for (;;) {
      await this.#control.untilUnpaused();
      if (this.#control.wish !== 'work' && this.#control.wish !== 'pause-after-step') return;
      try {
        this.#ports.journal.makeReserve();
        this.#append({ type: 'session.resumed' });
        return;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        this.#pauseBecauseOf(error);
      }
    }
  }

  #armDeadline(): () => void {
    const { maxTimeMs } = this.#frame.options;
    if (maxTimeMs === undefined) return () => undefined;
    return this.#control.armDeadline(
      this.#ports.clock,
      () => maxTimeMs - this.#record.activeMs(this.#ports.clock.monotonicMs()),
    );
  }

  #haltAsked(): Halt | undefined {
    return this.#control.halt(this.#record.openSteps[0]?.step, this.#spent());
  }

  /** The budget that is used up. Behind the last step the session ends because of that. */
  #spent(): SpentBudget | undefined {
    const { snapshot } = this.#record;
    const { options } = this.#frame;
    if (finishedStepCount(snapshot) >= options.steps) return undefined;
    return spentBudget(options, snapshot, this.#stretch?.evaluating ?? 0);
  }

  #lookAtBudgets(): void {
    if (this.#spent() !== undefined) this.#control.haltFeeding();
  }

  #requireLive(): void {
    if (this.#record.final !== undefined) throw new SessionOverError();
  }

  #append(event: SessionEvent): void {
    this.#applyWritten(this.#ports.journal.append(event));
  }

  #applyWritten(entry: JournalEntry): void {
    this.#record.apply([entry]);
    this.#lookAtBudgets();
    this.#ports.onEntry(entry);
  }
}

const unreadNote = {
  code: 'note-unread',
  message:
    'The policy of this session changes marked literals and asks no language model: the note is kept, and changes nothing.',
};

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
