import { setMaxListeners } from 'node:events';
import { keyedSeed } from '../../domain/keyedRandom';
import type { Policy } from '../../policy/policy';
import type { CandidateFacts, LoopContext } from './candidateFacts';
import { Evaluations } from './evaluations';
import type { WorkSignals } from './loopControl';
import type { Occupancy } from './occupancy';
import { Sampling } from './sampling';
import type { OpenStep } from './sessionRecord';
import type { SessionWriter } from './sessionWriter';

export interface StretchOptions extends LoopContext {
  readonly facts: CandidateFacts;
  readonly signals: WorkSignals;
  readonly occupancy: Occupancy;
  readonly writer: Pick<SessionWriter, 'append'>;
  /** The number of evaluations in work grew; where that uses up a budget, the feeding is halted before this returns. */
  readonly onEvaluationBegun: () => void;
}

/**
 * Proposals and evaluations side by side, from one halt to the next; proposals wait in the journal for an evaluator. Only what the record does
 * not have is asked for, so a step that a killed runner left is completed by the same calls that begin one. Nothing is evaluated
 * twice, except what ran when the process was killed.
 */
export class Stretch {
  readonly #options: StretchOptions;
  readonly #evaluations: Evaluations;
  readonly #sampling: Sampling;
  readonly #ending = new AbortController();
  /** Nothing may begin any more. */
  readonly #unwanted: AbortSignal;
  readonly #failures: unknown[] = [];
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(options: StretchOptions) {
    this.#options = options;
    const { ports, frame, record, facts, signals, occupancy, writer } = options;
    this.#unwanted = AbortSignal.any([signals.feeding, this.#ending.signal]);
    // Every group may listen; that is no leak.
    setMaxListeners(0, this.#unwanted);
    this.#unwanted.addEventListener('abort', this.#changed, { once: true });
    const shared = {
      ...{ ports, frame, facts, writer, unwanted: this.#unwanted },
      onChange: this.#changed,
      onFailure: (error: unknown) => {
        this.fail(error);
      },
    };
    this.#evaluations = new Evaluations({
      ...shared,
      record,
      working: signals.working,
      onBegun: options.onEvaluationBegun,
    });
    this.#sampling = new Sampling({ ...shared, occupancy, evaluations: this.#evaluations });
  }

  /** Evaluations that run, those of parents included. */
  get evaluating(): number {
    return this.#evaluations.inWork;
  }

  get halted(): boolean {
    return this.#unwanted.aborted;
  }

  /** Queues the initial candidates that have no outcome. */
  async evaluateInitials(): Promise<void> {
    const { ports, frame, facts } = this.#options;
    const { initialText: text, options } = frame;
    const sha256 = await ports.candidates.write(text);
    for (const id of facts.initialIds) {
      if (this.halted) return;
      const known = facts.candidate(id);
      if (known?.outcome !== undefined) continue;
      if (known === undefined) {
        const place = { candidate: id, step: -1, group: id, member: 0 };
        this.#options.writer.append({ type: 'candidate.proposed', ...place, sha256 });
      }
      this.#evaluations.queue({ candidate: id, text, seed: keyedSeed(options.seed, 'initial', id) });
    }
  }

  /** Begins to take the step's missing proposals, and to evaluate what has no outcome; once a step. */
  sample(step: OpenStep, policy: Policy): void {
    this.#sampling.begin(step, policy);
  }

  /** Takes no more proposals of steps behind this one. */
  stopSamplingAfter(step: number): void {
    this.#sampling.stopAfter(step);
    this.#changed();
  }

  /** Resolves with true when `done()` holds, with false when work is halted before. */
  async until(done: () => boolean): Promise<boolean> {
    for (;;) {
      if (this.#failures.length === 0 && done()) return true;
      if (this.halted) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when the work that a halt lets end has ended. Rejects with the first failure. */
  async settle(): Promise<void> {
    await this.#evaluations.settle();
    await this.#sampling.settle();
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Halts, settles, and lets nothing be written any more. Rejects with the first failure. */
  async end(): Promise<void> {
    this.#ending.abort();
    try {
      await this.settle();
    } finally {
      this.#closed = true;
      this.#sampling.close();
      this.#options.occupancy.pause();
    }
  }

  /** Halts the work because of an error. */
  fail(error: unknown): void {
    this.#failures.push(error);
    this.#ending.abort();
  }

  readonly #changed = (): void => {
    if (this.#closed) return;
    this.#options.occupancy.change({ proposing: this.#sampling.proposing, ...this.#evaluations.load });
    this.#wake?.();
    this.#wake = undefined;
  };
}
