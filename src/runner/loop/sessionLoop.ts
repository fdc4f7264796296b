import type { JournalEntry } from '../../domain/session/events';
import type { UnknownEntry } from '../../domain/session/reduce';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { isDiskFull } from '../journal/diskFullError';
import { AfterError } from './afterError';
import { CandidateFacts } from './candidateFacts';
import { Halts } from './halts';
import { LoopControl, type Halt } from './loopControl';
import { Occupancy } from './occupancy';
import {
  SessionOverError,
  type FinalEvent,
  type RunnerFacts,
  type SessionEnd,
  type SessionFrame,
  type SessionPorts,
} from './ports';
import { SessionRecord } from './sessionRecord';
import { SessionWriter } from './sessionWriter';
import { StepSequence } from './stepSequence';
import { Stretch } from './stretch';
import { finishedBy, initialFailure, type Verdict } from './verdict';

/**
 * Runs one session: what is done when stands in `StepSequence`, what halts it in `Halts`, what errors make of it in
 * `AfterError`; here is what people ask, and how one follows on the other.
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
  readonly #halts: Halts;
  readonly #writer: SessionWriter;
  readonly #facts: CandidateFacts;
  readonly #occupancy: Occupancy;
  readonly #steps: StepSequence;
  readonly #afterError: AfterError;
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
    const control = this.#control;
    this.#halts = new Halts({ ...context, control, evaluating: () => this.#stretch?.evaluating ?? 0 });
    this.#writer = new SessionWriter(ports, this.#record, () => {
      this.#halts.lookAtBudgets();
    });
    this.#facts = new CandidateFacts(context);
    this.#occupancy = new Occupancy(ports.clock, frame.options.concurrency);
    const shared = { ...context, control, halts: this.#halts, writer: this.#writer };
    this.#steps = new StepSequence({ ...shared, facts: this.#facts, occupancy: this.#occupancy });
    this.#afterError = new AfterError({ ...shared, dropSearch: () => this.#steps.dropSearch() });
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
        const verdict = await this.#workUntilHalt().catch((error: unknown) =>
          this.#afterError.verdict(error),
        );
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
    this.#writer.append({ type: 'request.received', request: 'pause', ...(afterStep ? { afterStep } : {}) });
    this.#control.ask(afterStep ? 'pause-after-step' : 'pause');
  }

  /** Takes a pause back. Throws `SessionOverError`, `DiskFullError`. */
  resume(): void {
    this.#requireLive();
    const { wish } = this.#control;
    if (wish !== 'pause' && wish !== 'pause-after-step') return;
    this.#writer.append({ type: 'request.received', request: 'resume' });
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
    this.#writer.append({ type: 'request.received', request: 'stop' });
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
    this.#writer.append({ type: 'note.added', text });
    if (this.#frame.options.policy === 'tunables') this.#writer.append({ type: 'warning', ...unreadNote });
  }

  /** Later prompts cite none of the notes so far. Throws `SessionOverError`, `DiskFullError`. */
  removeNotes(): void {
    this.#requireLive();
    if (this.snapshot.notes.length > 0) this.#writer.append({ type: 'notes.removed' });
  }

  /** Ends the loop and not the session: it can be resumed from the journal. */
  leave(): void {
    this.#control.ask('leave');
  }

  #begin(): void {
    const { sessionId, problem, options } = this.#frame;
    if (this.#record.snapshot.sessionId === undefined) {
      this.#writer.append({ type: 'session.created', version: 1, sessionId, problem, options });
    }
    this.#writer.append({ type: 'runner.started', ...this.#runner });
    // A runner starts again only because someone asked for it; that takes a pause back, but never a stop.
    const { status } = this.#record.snapshot;
    if (status === 'stopping') {
      this.#control.ask('stop');
    } else if (this.#record.paused || status === 'pausing') {
      this.#writer.append({ type: 'request.received', request: 'resume' });
      if (this.#record.paused) this.#writer.append({ type: 'session.resumed' });
    }
  }

  async #workUntilHalt(): Promise<Verdict> {
    this.#control.renew();
    const disarm = this.#halts.armDeadline();
    let halt: Halt | 'steps' | 'no-initial';
    try {
      halt = await this.#workOneStretch();
    } catch (error) {
      const asked = this.#halts.asked();
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
    this.#writer.append({ type: 'session.paused', reason: 'user' });
    return { kind: 'paused' };
  }

  async #workOneStretch(): Promise<Halt | 'steps' | 'no-initial'> {
    const asked = this.#halts.asked();
    if (asked !== undefined) return asked;
    const stretch = new Stretch({
      ports: this.#ports,
      frame: this.#frame,
      record: this.#record,
      facts: this.#facts,
      signals: this.#control.signals,
      occupancy: this.#occupancy,
      writer: this.#writer,
      onEvaluationBegun: () => {
        this.#halts.lookAtBudgets();
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
    this.#writer.end(event);
    return { kind: 'ended', event, ...(cause === undefined ? {} : { cause }) };
  }

  async #untilResumed(): Promise<void> {
    for (;;) {
      await this.#control.untilUnpaused();
      if (this.#control.wish !== 'work' && this.#control.wish !== 'pause-after-step') return;
      try {
        this.#writer.resume();
        return;
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        this.#control.ask('pause');
        this.#writer.pauseBecauseOf(error);
      }
    }
  }

  #requireLive(): void {
    if (this.#record.final !== undefined) throw new SessionOverError();
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
