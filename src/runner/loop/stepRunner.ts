import { keyedRandom, keyedSeed } from '../../domain/keyedRandom';
import type { CandidateRecord } from '../../domain/session/snapshot';
import type { SessionEvent } from '../../domain/session/events';
import type { Parent, Policy, Proposal } from '../../policy/policy';
import { forEachAsReady } from './concurrently';
import type { WorkSignals } from './loopControl';
import type { SessionFrame, SessionPorts } from './ports';
import type { OpenStep, SessionRecord } from './sessionRecord';
import type { EvaluatedGroup } from './trainingGroups';

/** What is still to do for one candidate. */
interface Job {
  readonly proposal?: Extract<SessionEvent, { type: 'candidate.proposed' }>;
  readonly candidate: number;
  readonly text: string;
  readonly seed: number;
  readonly parentState?: string;
}

/**
 * Proposes and evaluates candidates: the initial ones, or those of a step. Only what the record does not have is done, so the same
 * call begins a step and completes one that a killed runner left. Nothing is evaluated twice, except what was running then.
 */
export class StepRunner {
  constructor(
    private readonly ports: SessionPorts,
    private readonly frame: SessionFrame,
    private readonly record: SessionRecord,
    private readonly append: (event: SessionEvent) => void,
  ) {}

  /** Candidates 0 to `groups` - 1: the initial program, each with a seed of its own. */
  async evaluateInitials(signals: WorkSignals): Promise<void> {
    const { initialText, options } = this.frame;
    const sha256 = await this.ports.candidates.write(initialText);
    const jobs = Array.from({ length: options.groups }, (_, group) => group)
      .filter((id) => this.candidate(id)?.outcome === undefined)
      .map((id): Job => {
        const job = { candidate: id, text: initialText, seed: keyedSeed(options.seed, 'initial', id) };
        if (this.candidate(id) !== undefined) return job;
        const ids = { candidate: id, step: -1, group: id, member: 0 };
        return { ...job, proposal: { type: 'candidate.proposed', ...ids, sha256 } };
      });
    await this.evaluateAll(() => [readyItems(jobs)], signals);
  }

  /** True if every initial candidate has an outcome. */
  initialsDone(): boolean {
    return ids(0, this.frame.options.groups).every((id) => this.candidate(id)?.outcome !== undefined);
  }

  get initialRecords(): readonly CandidateRecord[] {
    return ids(0, this.frame.options.groups).flatMap((id) => this.candidate(id) ?? []);
  }

  /** The members of all groups of the open step. */
  async evaluateStep(step: OpenStep, policy: Policy, signals: WorkSignals): Promise<void> {
    const groups = await Promise.all(
      step.parents.map(async (id, group) => ({
        group,
        parent: await this.parent(id),
        ...(await this.stateOf(id)),
      })),
    );
    const seed = keyedSeed(this.frame.options.seed, 'evaluation', step.step);
    await this.evaluateAll(
      (unwanted) =>
        groups.map(({ group, parent, parentState }) => {
          const common = { seed, ...(parentState === undefined ? {} : { parentState }) };
          return this.groupJobs(step, group, parent, common, policy, unwanted);
        }),
      signals,
    );
  }

  /** True if every member of the open step has an outcome. */
  stepDone(step: OpenStep): boolean {
    return this.stepIds(step).every((id) => this.candidate(id)?.outcome !== undefined);
  }

  stepRecords(step: OpenStep): readonly CandidateRecord[] {
    return this.stepIds(step).flatMap((id) => this.candidate(id) ?? []);
  }

  /** The step's groups with their outcomes; call when the step is done. */
  async evaluatedGroups(step: OpenStep): Promise<readonly EvaluatedGroup[]> {
    return Promise.all(
      step.parents.map(async (parent, group) => ({
        group,
        parent: await this.parent(parent),
        members: this.memberIds(step, group).flatMap((id) => {
          const outcome = this.candidate(id)?.outcome;
          const trace = this.record.traceOf(id);
          return outcome === undefined ? [] : [{ outcome, ...(trace === undefined ? {} : { trace }) }];
        }),
      })),
    );
  }

  private async *groupJobs(
    step: OpenStep,
    group: number,
    parent: Parent,
    common: { readonly seed: number; readonly parentState?: string },
    policy: Policy,
    signal: AbortSignal,
  ): AsyncGenerator<Job, void, undefined> {
    const members = this.memberIds(step, group);
    // First what a killed runner had proposed and not finished.
    for (const id of members) {
      const known = this.candidate(id);
      if (known === undefined || known.outcome !== undefined) continue;
      yield { ...common, candidate: id, text: await this.ports.candidates.readText(known.sha256) };
    }
    const missing = members.flatMap((id, member) => (this.candidate(id) === undefined ? [member] : []));
    if (missing.length === 0) return;
    const wanted = new Set(missing);
    const request = {
      step: step.step,
      group,
      parent,
      members: missing,
      random: (member: number) => keyedRandom(this.frame.options.seed, 'propose', step.step, group, member),
    };
    for await (const proposal of policy.propose(request, signal)) {
      if (!wanted.delete(proposal.member))
        throw new PolicyError(`proposed member ${proposal.member} unasked`);
      yield { ...common, ...(await this.proposalJob(step, group, parent, proposal)) };
    }
    if (wanted.size > 0) throw new PolicyError(`did not propose member ${[...wanted].join(', ')}`);
  }

  private async proposalJob(
    step: OpenStep,
    group: number,
    parent: Parent,
    { member, text, note, trace }: Proposal,
  ): Promise<Pick<Job, 'proposal' | 'candidate' | 'text'>> {
    const sha256 = await this.ports.candidates.write(text);
    const candidate = step.firstCandidate + group * this.frame.options.groupSize + member;
    const proposal = {
      type: 'candidate.proposed' as const,
      candidate,
      step: step.step,
      group,
      member,
      parent: parent.candidate,
      sha256,
      ...(note === undefined ? {} : { note }),
      ...(trace === undefined ? {} : { trace }),
    };
    return { proposal, candidate, text };
  }

  private async evaluateAll(
    sources: (unwanted: AbortSignal) => readonly AsyncIterable<Job>[],
    signals: WorkSignals,
  ): Promise<void> {
    const { concurrency } = this.frame.options;
    await forEachAsReady(sources, concurrency, signals.feeding, (job) => this.evaluate(job, signals.working));
  }

  private async evaluate(job: Job, signal: AbortSignal): Promise<void> {
    if (job.proposal !== undefined) this.append(job.proposal);
    const request = {
      id: `r${this.record.snapshot.runs}-c${job.candidate}`,
      candidateText: job.text,
      seed: job.seed,
      ...(job.parentState === undefined ? {} : { parentState: job.parentState }),
    };
    let report;
    try {
      report = await this.ports.evaluator.evaluate(request, signal);
    } catch (error) {
      // Killed because the session ends or leaves: the candidate stays without an outcome.
      if (signal.aborted) return;
      throw error;
    }
    // A run that we ourselves ended says nothing about the program.
    if (signal.aborted && report.outcome.kind === 'failed') return;
    if (report.state !== undefined) await this.ports.states.write(report.state);
    this.append({
      type: 'candidate.evaluated',
      candidate: job.candidate,
      outcome: report.outcome,
      durationMs: report.durationMs,
    });
  }

  private candidate(id: number): CandidateRecord | undefined {
    return this.record.snapshot.candidates.at(id);
  }

  private stepIds(step: OpenStep): readonly number[] {
    return ids(step.firstCandidate, step.parents.length * this.frame.options.groupSize);
  }

  private memberIds(step: OpenStep, group: number): readonly number[] {
    const { groupSize } = this.frame.options;
    return ids(step.firstCandidate + group * groupSize, groupSize);
  }

  private async parent(id: number): Promise<Parent> {
    const record = this.candidate(id);
    if (record === undefined) throw new Error(`parent ${id} is not in the journal`);
    const text = await this.ports.candidates.readText(record.sha256);
    const { outcome } = record;
    if (outcome?.kind !== 'valid') {
      return { candidate: id, text, ...(outcome === undefined ? {} : { feedback: outcome.message }) };
    }
    const feedback = outcome.feedback === undefined ? {} : { feedback: outcome.feedback };
    return {
      candidate: id,
      text,
      value: outcome.value,
      hasState: outcome.stateSha256 !== undefined,
      ...feedback,
    };
  }

  private async stateOf(id: number): Promise<{ readonly parentState?: string }> {
    const outcome = this.candidate(id)?.outcome;
    if (outcome?.kind !== 'valid' || outcome.stateSha256 === undefined) return {};
    return { parentState: await this.ports.states.readText(outcome.stateSha256) };
  }
}

/** The policy broke its contract. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  constructor(what: string) {
    super(`The policy ${what}. This is a defect of the policy.`);
  }
}

function ids(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

// eslint-disable-next-line @typescript-eslint/require-await -- an array as an asynchronous source
async function* readyItems<Item>(items: readonly Item[]): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
