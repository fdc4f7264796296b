import { setMaxListeners } from 'node:events';
import { keyedRandom, keyedSeed } from '../../domain/keyedRandom';
import type { SessionEvent } from '../../domain/session/events';
import type { Policy, Proposal } from '../../policy/policy';
import type { CandidateFacts, GroupFacts, Job, LoopContext } from './candidateFacts';
import { EvaluationPool } from './evaluationPool';
import { Incumbents } from './incumbents';
import type { WorkSignals } from './loopControl';
import type { Occupancy } from './occupancy';
import type { OpenStep } from './sessionRecord';

/** How long policies may take to notice that their proposals are not wanted any more. */
const longestFarewellMs = 10_000;

export interface StretchOptions extends LoopContext {
  readonly facts: CandidateFacts;
  readonly signals: WorkSignals;
  readonly occupancy: Occupancy;
  append(event: SessionEvent): void;
  /** The number of evaluations in work grew; where that uses up a budget, the feeding is halted before this returns. */
  onEvaluationBegun(): void;
}

/** The policy broke its contract. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  constructor(what: string) {
    super(`The policy ${what}. This is a defect of the policy.`);
  }
}

/**
 * Proposals and evaluations side by side, from one halt to the next. Proposals go into the journal as they arrive, however many
 * evaluations run, and wait there for an evaluator: so what was paid for is not lost with the process. Only what the record does
 * not have is asked for, so a step that a killed runner left is completed by the same calls that begin one. Nothing is evaluated
 * twice, except what ran when the process was killed.
 */
export class Stretch {
  readonly #options: StretchOptions;
  readonly #pool: EvaluationPool<Job>;
  readonly #ending = new AbortController();
  /** No proposal is wanted any more. */
  readonly #unwanted: AbortSignal;
  readonly #failures: unknown[] = [];
  readonly #samplings = new Map<number, { readonly ended: Promise<void>; readonly stop: AbortController }>();
  /** When candidates came to wait for an evaluator, by the monotonic clock. */
  readonly #waitingSinceMs = new Map<number, number>();
  /** Candidates whose evaluation runs and whose outcome is not written. */
  readonly #inWork = new Set<number>();
  readonly #incumbents: Incumbents;
  #proposing = 0;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(options: StretchOptions) {
    this.#options = options;
    this.#incumbents = new Incumbents({
      ...options,
      isHalted: () => this.halted,
      onRunBegun: () => {
        options.onEvaluationBegun();
      },
    });
    this.#unwanted = AbortSignal.any([options.signals.feeding, this.#ending.signal]);
    // Every group may listen; that is no leak.
    setMaxListeners(0, this.#unwanted);
    this.#unwanted.addEventListener('abort', this.#changed, { once: true });
    this.#pool = new EvaluationPool({
      concurrency: options.frame.options.concurrency,
      halt: this.#unwanted,
      work: (job) => this.#evaluate(job),
      onChange: this.#changed,
      onFailure: (error) => {
        this.fail(error);
      },
    });
  }

  /** Evaluations that run, those of parents included. */
  get evaluating(): number {
    return this.#inWork.size + this.#incumbents.running;
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
        this.#options.append({ type: 'candidate.proposed', ...place, sha256 });
      }
      this.#queue({ candidate: id, text, seed: keyedSeed(options.seed, 'initial', id) });
    }
  }

  /** Begins to take the step's missing proposals, and to evaluate what has no outcome; once a step. */
  sample(step: OpenStep, policy: Policy): void {
    if (this.#samplings.has(step.step)) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#unwanted, stop.signal]);
    setMaxListeners(0, signal);
    const ended = this.#sample(step, policy, signal).catch((error: unknown) => {
      this.fail(error);
    });
    this.#samplings.set(step.step, { ended, stop });
  }

  /** Takes no more proposals of steps behind this one. */
  stopSamplingAfter(step: number): void {
    for (const [sampled, { stop }] of this.#samplings) if (sampled > step) stop.abort();
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
    await this.#pool.settle();
    await this.#farewell();
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Halts, settles, and lets nothing be written any more. Rejects with the first failure. */
  async end(): Promise<void> {
    this.#ending.abort();
    try {
      await this.settle();
    } finally {
      this.#closed = true;
      this.#options.occupancy.pause();
    }
  }

  /** Halts the work because of an error. */
  fail(error: unknown): void {
    this.#failures.push(error);
    this.#ending.abort();
  }

  async #sample(step: OpenStep, policy: Policy, signal: AbortSignal): Promise<void> {
    const groups = await this.#options.facts.groups(step);
    await Promise.all(
      groups.map((group) =>
        this.#sampleGroup(step, group, policy, signal).catch((error: unknown) => {
          // What a policy throws after it was told to end is of no interest.
          if (!signal.aborted) this.fail(error);
        }),
      ),
    );
  }

  async #sampleGroup(step: OpenStep, group: GroupFacts, policy: Policy, signal: AbortSignal): Promise<void> {
    const { facts, frame } = this.#options;
    const missing: number[] = [];
    for (const [member, id] of facts.memberIds(step, group.group).entries()) {
      const known = facts.candidate(id);
      if (known === undefined) missing.push(member);
      else if (known.outcome === undefined) {
        const failure = step.failures.get(id);
        if (failure !== undefined) this.#noProgram(id, failure);
        else this.#queue({ ...group.common, candidate: id, text: await facts.text(known) });
      }
    }
    if (missing.length === 0 || signal.aborted) return;
    const wanted = new Set(missing);
    const accepted: Promise<void>[] = [];
    const request = {
      step: step.step,
      group: group.group,
      parent: group.parent,
      members: missing,
      ...(step.notes.length === 0 ? {} : { notes: step.notes }),
      random: (member: number) => keyedRandom(frame.options.seed, 'propose', step.step, group.group, member),
    };
    this.#proposing += 1;
    this.#changed();
    try {
      for await (const proposal of policy.propose(request, signal)) {
        if (!wanted.delete(proposal.member))
          throw new PolicyError(`proposed member ${proposal.member} unasked`);
        accepted.push(
          this.#accept(step, group, proposal).catch((error: unknown) => {
            this.fail(error);
          }),
        );
      }
      if (wanted.size > 0 && !isAborted(signal))
        throw new PolicyError(`did not propose member ${[...wanted].join(', ')}`);
    } finally {
      this.#proposing -= 1;
      this.#changed();
      await Promise.all(accepted);
    }
  }

  /** Writes a proposal down and queues it. What comes after a halt is written down too: it is paid for. */
  async #accept(step: OpenStep, { group, parent, common }: GroupFacts, proposal: Proposal): Promise<void> {
    const { member, text, failure, note, trace, usage } = proposal;
    const sha256 = await this.#options.ports.candidates.write(text);
    if (this.#closed) return;
    const candidate = step.firstCandidate + group * this.#options.frame.options.groupSize + member;
    this.#options.append({
      type: 'candidate.proposed',
      candidate,
      step: step.step,
      group,
      member,
      parent: parent.candidate,
      sha256,
      ...(note === undefined ? {} : { note }),
      ...(failure === undefined ? {} : { failure }),
      ...(trace === undefined ? {} : { trace }),
      ...(usage === undefined ? {} : { usage: wholeTokens(usage) }),
    });
    if (usage !== undefined) this.#options.occupancy.sampled(usage.sampledTokens);
    if (failure !== undefined) this.#noProgram(candidate, failure);
    else this.#queue({ ...common, candidate, text });
  }

  #noProgram(candidate: number, message: string): void {
    // It counts as an evaluation, and none begins any more.
    if (this.halted) return;
    const outcome = { kind: 'failed' as const, reason: 'no-program' as const, message };
    this.#options.append({ type: 'candidate.evaluated', candidate, outcome, durationMs: 0 });
    this.#changed();
  }

  #queue(job: Job): void {
    this.#waitingSinceMs.set(job.candidate, this.#options.ports.clock.monotonicMs());
    this.#pool.add(job);
  }

  async #evaluate(job: Job): Promise<void> {
    const { ports, record, signals } = this.#options;
    const { clock } = ports;
    const signal = signals.working;
    const request = {
      id: `r${record.snapshot.runs}-c${job.candidate}`,
      lastingId: `c${job.candidate}`,
      candidateText: job.text,
      seed: job.seed,
      ...(job.parentState === undefined ? {} : { parentState: job.parentState }),
      // The initial program is run as often as it is asked for, and a run that starts from a construction may find another one.
      ...(job.parent === undefined || job.parentState !== undefined
        ? {}
        : { reuse: { candidate: job.candidate } }),
    };
    this.#inWork.add(job.candidate);
    this.#options.onEvaluationBegun();
    let begunMs = clock.monotonicMs();
    try {
      const report = await this.#incumbents
        .incumbentFor(job, signal)
        .then((incumbent) => {
          begunMs = clock.monotonicMs();
          return ports.evaluator.evaluate(
            incumbent === undefined ? request : { ...request, incumbent },
            signal,
          );
        })
        .catch((error: unknown) => {
          // Killed because the session ends or leaves: the candidate stays without an outcome.
          if (signal.aborted) return undefined;
          throw error;
        });
      // A run that we ourselves ended says nothing about the program.
      if (report === undefined || (signal.aborted && report.outcome.kind === 'failed')) return;
      const { outcome, state, durationMs, queuedMs, isWarm, reusedFrom } = report;
      const waitedMs = begunMs - (this.#waitingSinceMs.get(job.candidate) ?? begunMs);
      const aroundMs = Math.max(0, clock.monotonicMs() - begunMs - durationMs - (queuedMs ?? 0));
      if (state !== undefined) await ports.states.write(state);
      // From here on the record counts it.
      this.#inWork.delete(job.candidate);
      this.#options.append({
        type: 'candidate.evaluated',
        candidate: job.candidate,
        outcome,
        durationMs,
        ...(queuedMs === undefined ? {} : { queuedMs }),
        waitedMs,
        ...(isWarm === undefined ? {} : { isWarm }),
        ...(reusedFrom === undefined ? { aroundMs } : { reusedFrom }),
      });
      await report.forget?.();
    } finally {
      this.#inWork.delete(job.candidate);
      this.#waitingSinceMs.delete(job.candidate);
    }
  }

  /** Waits until the policies have noticed the halt, but not for ever. */
  async #farewell(): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.ports.clock.after(longestFarewellMs, () => {
        this.#options.ports.log('The policy did not end its proposals when it was told to.');
        resolve();
      });
    });
    const ended = Promise.all([...this.#samplings.values()].map((sampling) => sampling.ended));
    await Promise.race([ended, late]);
    cancel();
  }

  readonly #changed = (): void => {
    if (this.#closed) return;
    this.#options.occupancy.change({
      proposing: this.#proposing,
      waiting: this.#pool.waiting,
      running: this.#pool.running,
    });
    this.#wake?.();
    this.#wake = undefined;
  };
}

/** Asked anew: the compiler takes an earlier answer for the last. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** The journal takes whole numbers alone. */
function wholeTokens(usage: NonNullable<Proposal['usage']>): { promptTokens: number; sampledTokens: number } {
  return { promptTokens: whole(usage.promptTokens), sampledTokens: whole(usage.sampledTokens) };
}

function whole(tokens: number): number {
  return Number.isFinite(tokens) ? Math.max(0, Math.round(tokens)) : 0;
}
