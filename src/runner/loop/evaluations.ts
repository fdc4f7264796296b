import type { EvaluationReport, EvaluationRequest } from '../../evaluation/evaluator';
import type { CandidateFacts, Job, LoopContext } from './candidateFacts';
import { EvaluationPool } from './evaluationPool';
import { Incumbents } from './incumbents';
import type { SessionWriter } from './sessionWriter';
import { writeNode } from './writeNode';

export interface EvaluationsOptions extends LoopContext {
  readonly facts: CandidateFacts;
  /** Aborted: none begins any more. */
  readonly unwanted: AbortSignal;
  /** Aborted: those that run are killed. */
  readonly working: AbortSignal;
  readonly writer: Pick<SessionWriter, 'append'>;
  /** The number of evaluations in work grew; where that uses up a budget, `unwanted` is aborted before this returns. */
  readonly onBegun: () => void;
  /** One began or ended, or came to wait. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** The evaluations of one stretch of work: each outcome goes into the journal as it comes. */
export class Evaluations {
  readonly #options: EvaluationsOptions;
  readonly #pool: EvaluationPool<Job>;
  readonly #incumbents: Incumbents;
  /** When candidates came to wait for an evaluator, by the monotonic clock. */
  readonly #waitingSinceMs = new Map<number, number>();
  /** Candidates whose evaluation runs and whose outcome is not written. */
  readonly #inWork = new Set<number>();

  constructor(options: EvaluationsOptions) {
    this.#options = options;
    const { ports, frame, record, facts, writer, unwanted } = options;
    this.#incumbents = new Incumbents({
      ...{ ports, frame, record, facts, writer },
      isHalted: () => unwanted.aborted,
      onRunBegun: options.onBegun,
    });
    this.#pool = new EvaluationPool({
      concurrency: frame.options.concurrency,
      halt: unwanted,
      work: (job) => this.#evaluate(job),
      onChange: options.onChange,
      onFailure: options.onFailure,
    });
  }

  /** Those whose outcome is not in the record; those of parents included. */
  get inWork(): number {
    return this.#inWork.size + this.#incumbents.running;
  }

  /** How many run, and how many candidates wait for one. */
  get load(): { readonly waiting: number; readonly running: number } {
    return { waiting: this.#pool.waiting, running: this.#pool.running };
  }

  queue(job: Job): void {
    this.#waitingSinceMs.set(job.candidate, this.#options.ports.clock.monotonicMs());
    this.#pool.add(job);
  }

  /** Resolves when none runs. Call it after the halt, else more may begin. */
  settle(): Promise<void> {
    return this.#pool.settle();
  }

  async #evaluate(job: Job): Promise<void> {
    const { ports, working } = this.#options;
    const { clock } = ports;
    const request = this.#requestFor(job);
    this.#inWork.add(job.candidate);
    this.#options.onBegun();
    let begunMs = clock.monotonicMs();
    try {
      const report = await this.#incumbents
        .incumbentFor(job, working)
        .then((incumbent) => {
          begunMs = clock.monotonicMs();
          return ports.evaluator.evaluate(
            incumbent === undefined ? request : { ...request, incumbent },
            working,
          );
        })
        .catch((error: unknown) => {
          // Killed because the session ends or leaves: the candidate stays without an outcome.
          if (working.aborted) return undefined;
          throw error;
        });
      // A run that we ourselves ended says nothing about the program.
      if (report === undefined || (working.aborted && report.outcome.kind === 'failed')) return;
      await this.#write(job, report, begunMs);
      await report.forget?.();
    } finally {
      this.#inWork.delete(job.candidate);
      this.#waitingSinceMs.delete(job.candidate);
    }
  }

  #requestFor({ candidate, text, seed, parent, parentState }: Job): EvaluationRequest {
    return {
      id: `r${this.#options.record.snapshot.runs}-c${candidate}`,
      lastingId: `c${candidate}`,
      candidateText: text,
      seed,
      ...(parentState === undefined ? {} : { parentState }),
      // The initial program is run as often as it is asked for, and a run that starts from a construction may find another one.
      ...(parent === undefined || parentState !== undefined ? {} : { reuse: { candidate } }),
    };
  }

  /** `begunMs`: when the evaluator was asked, by the monotonic clock. */
  async #write({ candidate }: Job, report: EvaluationReport, begunMs: number): Promise<void> {
    const { clock, states } = this.#options.ports;
    const { outcome, state, durationMs, queuedMs, isWarm, reusedFrom } = report;
    const waitedMs = begunMs - (this.#waitingSinceMs.get(candidate) ?? begunMs);
    const aroundMs = Math.max(0, clock.monotonicMs() - begunMs - durationMs - (queuedMs ?? 0));
    if (state !== undefined) await states.write(state);
    // From here on the record counts it.
    this.#inWork.delete(candidate);
    writeNode(this.#options, report);
    this.#options.writer.append({
      type: 'candidate.evaluated',
      candidate,
      outcome,
      durationMs,
      ...(queuedMs === undefined ? {} : { queuedMs }),
      waitedMs,
      ...(isWarm === undefined ? {} : { isWarm }),
      ...(reusedFrom === undefined ? { aroundMs } : { reusedFrom }),
    });
  }
}
