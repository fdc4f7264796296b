import { setMaxListeners } from 'node:events';
import { keyedRandom } from '../../domain/keyedRandom';
import type { Policy, Proposal } from '../../policy/policy';
import type { CandidateFacts, GroupFacts, LoopContext } from './candidateFacts';
import type { Evaluations } from './evaluations';
import type { Occupancy } from './occupancy';
import type { OpenStep } from './sessionRecord';
import type { SessionWriter } from './sessionWriter';

/** How long policies may take to notice that their proposals are not wanted any more. */
const longestFarewellMs = 10_000;

export interface SamplingOptions extends Pick<LoopContext, 'ports' | 'frame'> {
  readonly facts: CandidateFacts;
  /** Take what is proposed. */
  readonly evaluations: Pick<Evaluations, 'queue'>;
  readonly occupancy: Pick<Occupancy, 'sampled'>;
  /** Aborted: no proposal is wanted any more. */
  readonly unwanted: AbortSignal;
  readonly writer: Pick<SessionWriter, 'append'>;
  /** A group began or ended, or a step has fewer candidates without an outcome. */
  readonly onChange: () => void;
  readonly onFailure: (error: unknown) => void;
}

/** The policy broke its contract. */
class PolicyError extends Error {
  override readonly name = 'PolicyError';
  constructor(what: string) {
    super(`The policy ${what}. This is a defect of the policy.`);
  }
}

/**
 * Takes the proposals of one stretch of work. They go into the journal as they arrive, however many evaluations run, so that what was paid
 * for is not lost with the process. Only what the record does not have is asked for.
 */
export class Sampling {
  readonly #options: SamplingOptions;
  readonly #steps = new Map<number, { readonly ended: Promise<void>; readonly stop: AbortController }>();
  #proposing = 0;
  #isClosed = false;

  constructor(options: SamplingOptions) {
    this.#options = options;
  }

  /** Groups whose proposals are on their way. */
  get proposing(): number {
    return this.#proposing;
  }

  /** Begins to take the step's missing proposals, and queues what has no outcome; once a step. */
  begin(step: OpenStep, policy: Policy): void {
    if (this.#steps.has(step.step)) return;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#options.unwanted, stop.signal]);
    // Every group may listen; that is no leak.
    setMaxListeners(0, signal);
    const ended = this.#sample(step, policy, signal).catch(this.#options.onFailure);
    this.#steps.set(step.step, { ended, stop });
  }

  /** Takes no more proposals of steps behind this one. */
  stopAfter(step: number): void {
    for (const [sampled, { stop }] of this.#steps) if (sampled > step) stop.abort();
  }

  /** Waits until the policies have noticed the halt, but not for ever. */
  async settle(): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.ports.clock.after(longestFarewellMs, () => {
        this.#options.ports.log('The policy did not end its proposals when it was told to.');
        resolve();
      });
    });
    const ended = Promise.all([...this.#steps.values()].map((step) => step.ended));
    await Promise.race([ended, late]);
    cancel();
  }

  /** Lets nothing be written any more. */
  close(): void {
    this.#isClosed = true;
  }

  async #sample(step: OpenStep, policy: Policy, signal: AbortSignal): Promise<void> {
    const groups = await this.#options.facts.groups(step);
    await Promise.all(
      groups.map((group) =>
        this.#sampleGroup(step, group, policy, signal).catch((error: unknown) => {
          // What a policy throws after it was told to end is of no interest.
          if (!signal.aborted) this.#options.onFailure(error);
        }),
      ),
    );
  }

  async #sampleGroup(step: OpenStep, group: GroupFacts, policy: Policy, signal: AbortSignal): Promise<void> {
    const missing = await this.#queueKnown(step, group);
    if (missing.length === 0 || signal.aborted) return;
    const { seed } = this.#options.frame.options;
    const wanted = new Set(missing);
    const accepted: Promise<void>[] = [];
    const request = {
      step: step.step,
      group: group.group,
      parent: group.parent,
      members: missing,
      ...(step.notes.length === 0 ? {} : { notes: step.notes }),
      random: (member: number) => keyedRandom(seed, 'propose', step.step, group.group, member),
    };
    this.#proposing += 1;
    this.#options.onChange();
    try {
      for await (const proposal of policy.propose(request, signal)) {
        if (!wanted.delete(proposal.member))
          throw new PolicyError(`proposed member ${proposal.member} unasked`);
        accepted.push(this.#accept(step, group, proposal).catch(this.#options.onFailure));
      }
      if (wanted.size > 0 && !isAborted(signal))
        throw new PolicyError(`did not propose member ${[...wanted].join(', ')}`);
    } finally {
      this.#proposing -= 1;
      this.#options.onChange();
      await Promise.all(accepted);
    }
  }

  /** Queues members of the group that are proposed and have no outcome. Gives those that are not proposed. */
  async #queueKnown(step: OpenStep, group: GroupFacts): Promise<readonly number[]> {
    const { facts, evaluations } = this.#options;
    const missing: number[] = [];
    for (const [member, id] of facts.memberIds(step, group.group).entries()) {
      const known = facts.candidate(id);
      if (known === undefined) missing.push(member);
      else if (known.outcome === undefined) {
        const failure = step.failures.get(id);
        if (failure !== undefined) this.#noProgram(id, failure);
        else evaluations.queue({ ...group.common, candidate: id, text: await facts.text(known) });
      }
    }
    return missing;
  }

  /** Writes a proposal down and queues it. What comes after a halt is written down too: it is paid for. */
  async #accept(step: OpenStep, { group, parent, common }: GroupFacts, proposal: Proposal): Promise<void> {
    const { member, text, failure, note, trace, usage } = proposal;
    const sha256 = await this.#options.ports.candidates.write(text);
    if (this.#isClosed) return;
    const candidate = step.firstCandidate + group * this.#options.frame.options.groupSize + member;
    this.#options.writer.append({
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
    else this.#options.evaluations.queue({ ...common, candidate, text });
  }

  #noProgram(candidate: number, message: string): void {
    // It counts as an evaluation, and none begins any more.
    if (this.#options.unwanted.aborted) return;
    const outcome = { kind: 'failed' as const, reason: 'no-program' as const, message };
    this.#options.writer.append({ type: 'candidate.evaluated', candidate, outcome, durationMs: 0 });
    this.#options.onChange();
  }
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
