import { isBetter, type Goal } from '../problem/problem';
import { PersistentCandidateList } from './candidateList';
import { accountsAfter, noAccounts, type EvaluationFacts } from './evaluationAccounts';
import type { SessionEvent } from './events';
import { withNote } from './notes';
import { SequenceError, type SequencedEntry } from './sequence';
import type { CandidateList, CandidateRecord, SessionSnapshot, StepSummary } from './snapshot';
import { messageAfter, statusAfter } from './status';
import { clockAfter, clockBefore, timesAfter } from './stepTimes';
import { addUsage, type SomeUsage } from './tokenUsage';
import { betterOf, distributionOf, emptyStep, withoutDistribution } from './stepStatistics';

export { entriesAfter, SequenceError, type SequencedEntry, type UnknownEntry } from './sequence';

const warningsKept = 100;

/** A session of which nothing is known. */
export const emptySnapshot: SessionSnapshot = {
  lastSeq: 0,
  status: 'preparing',
  runs: 0,
  step: -1,
  candidates: PersistentCandidateList.empty,
  evaluated: 0,
  valid: 0,
  steps: [],
  usage: { promptTokens: 0, sampledTokens: 0, trainedTokens: 0 },
  warnings: [],
  notes: [],
};

/**
 * The snapshot after some more of the journal. Pure; the same journal gives the same snapshot however it is cut into calls. The
 * work is that of the entries, not that of the whole session.
 *
 * `entries` must continue the snapshot without a gap or a repetition (`entriesAfter` sees to it); otherwise `SequenceError`.
 * Entries that contradict the journal before them (an evaluation of an unknown candidate, a second outcome) change nothing
 * but leave a warning with code `journal-inconsistent`.
 */
export function reduce(snapshot: SessionSnapshot, entries: readonly SequencedEntry[]): SessionSnapshot {
  if (entries.length === 0) return snapshot;
  const reduction = new Reduction(snapshot);
  for (const entry of entries) reduction.apply(entry);
  return reduction.result();
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Event<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

/** What a batch changes in a step; the distribution is computed once at the batch's end. */
interface StepChange {
  readonly summary: Writable<StepSummary>;
  readonly newValues: number[];
  /** Of candidates that were refuted; each is among the step's values. */
  readonly goneValues: number[];
}

class Reduction {
  private readonly next: Writable<SessionSnapshot>;
  private candidates: PersistentCandidateList;
  private readonly changes = new Map<number, StepChange>();
  private stepCount: number;

  constructor(private readonly before: SessionSnapshot) {
    this.next = { ...before };
    this.candidates = persistent(before.candidates);
    this.stepCount = before.steps.length;
  }

  apply(entry: SequencedEntry): void {
    if (entry.seq !== this.next.lastSeq + 1) throw new SequenceError(this.next.lastSeq + 1, entry.seq);
    this.next.lastSeq = entry.seq;
    const { event } = entry;
    if (event === undefined) return;
    this.next.lastEventAtMs = entry.t;
    this.next.clock = clockAfter(this.next.clock ?? clockBefore, entry);
    this.applyEvent(event, entry.t, entry.run);
    this.next.status = statusAfter(this.next.status, event, this.candidates.length > 0);
    const progress = { step: this.next.step, steps: this.next.options?.steps };
    const message = messageAfter(this.next.status, event, progress);
    if (message !== undefined) this.next.statusMessage = message;
  }

  result(): SessionSnapshot {
    this.next.candidates = this.candidates;
    if (this.changes.size > 0) this.finishSteps();
    return this.next;
  }

  private applyEvent(event: SessionEvent, atMs: number, run: number): void {
    switch (event.type) {
      case 'session.created':
        this.next.sessionId = event.sessionId;
        this.next.problem = event.problem;
        this.next.options = event.options;
        this.next.createdAtMs = atMs;
        break;
      case 'runner.started':
        this.next.hostName = event.hostName;
        this.next.runs = Math.max(this.next.runs, run);
        break;
      case 'step.started':
        if (this.happened('started', this.changeOf(event.step), atMs))
          this.next.step = Math.max(this.next.step, event.step);
        break;
      case 'candidate.proposed':
        this.propose(event, atMs);
        break;
      case 'candidate.evaluated':
        this.evaluate(event, atMs);
        break;
      case 'candidate.verified':
        this.verify(event, atMs);
        break;
      case 'parent.evaluated':
        this.evaluateParent(event, atMs);
        break;
      case 'step.finished':
        this.finishStep(event, atMs);
        break;
      case 'warning':
        this.warn(event.code, event.message);
        break;
      case 'session.paused':
        this.next.pause = { reason: event.reason, seq: this.next.lastSeq };
        if (event.code === undefined) delete this.next.pauseCode;
        else this.next.pauseCode = event.code;
        break;
      case 'session.resumed':
        delete this.next.pause;
        delete this.next.pauseCode;
        break;
      case 'note.added':
        this.next.notes = withNote(this.next.notes, { text: event.text, addedAtMs: atMs });
        break;
      case 'notes.removed':
        this.next.notes = [];
        break;
      case 'environment.ready':
        if (event.machine === undefined) delete this.next.machine;
        else this.next.machine = event.machine;
        if (event.isolation === undefined) delete this.next.isolation;
        else this.next.isolation = event.isolation;
        break;
      case 'environment.progress':
      case 'policy.progress':
      case 'policy.ready':
      case 'request.received':
      case 'session.finished':
      case 'session.failed':
        break;
    }
  }

  private count(change: StepChange, usage: SomeUsage | undefined): void {
    if (usage === undefined) return;
    this.next.usage = addUsage(this.next.usage, usage);
    change.summary.usage = addUsage(change.summary.usage, usage);
  }

  /** Notes when something happened in a step. False without the step. */
  private happened(
    what: Parameters<typeof timesAfter>[1],
    change: StepChange | undefined,
    atMs: number,
    evaluationMs = 0,
  ): boolean {
    if (change === undefined) return false;
    const { activeMs } = this.next.clock ?? clockBefore;
    change.summary.times = timesAfter(change.summary.times, what, { activeMs, atMs, evaluationMs });
    return true;
  }

  private propose(event: Event<'candidate.proposed'>, atMs: number): void {
    const { candidate: id, step, group, member, parent, sha256, note } = event;
    if (this.candidates.at(id)) {
      this.inconsistent(`candidate ${id} was proposed twice`);
      return;
    }
    const change = this.changeOf(step);
    if (!change) return;
    change.summary.proposed += 1;
    this.happened('proposed', change, atMs);
    this.count(change, event.usage);
    this.candidates = this.candidates.with({
      id,
      step,
      group,
      member,
      sha256,
      proposedAtMs: atMs,
      ...(parent === undefined ? {} : { parent }),
      ...(note === undefined ? {} : { note }),
      ...(event.usage === undefined ? {} : { usage: event.usage }),
    });
  }

  private evaluate(event: Event<'candidate.evaluated'>, atMs: number): void {
    const { candidate: id, outcome, durationMs, reusedFrom } = event;
    const record = this.candidates.at(id);
    if (!record) {
      this.inconsistent(`candidate ${id} was evaluated before it was proposed`);
      return;
    }
    if (record.outcome) {
      this.inconsistent(`candidate ${id} was evaluated twice`);
      return;
    }
    const change = this.changeOf(record.step);
    if (!change) return;
    this.candidates = this.candidates.with({
      ...record,
      ...{ outcome, durationMs, endedAtMs: atMs },
      ...(reusedFrom === undefined ? {} : { reusedFrom }),
    });
    this.account(event);
    this.happened('outcome', change, atMs, durationMs);
    this.next.evaluated += 1;
    change.summary.evaluated += 1;
    if (outcome.kind !== 'valid') return;
    this.next.valid += 1;
    change.summary.valid += 1;
    // Adding 0 turns -0 into 0, which sorts one way only.
    change.newValues.push(outcome.value + 0);
    if (!this.beats(this.next.best, id, outcome.value)) return;
    this.next.best = id;
    // The initial program is the user's own.
    if (record.step === -1) this.next.announcedBest = id;
  }

  private verify(event: Event<'candidate.verified'>, atMs: number): void {
    const { candidate: id, verdict, outcome, durationMs } = event;
    const record = this.candidates.at(id);
    if (record?.outcome?.kind !== 'valid') {
      this.inconsistent(`candidate ${id} was verified and had no value`);
      return;
    }
    const change = this.changeOf(record.step);
    this.happened('outcome', change, atMs, durationMs);
    this.account(event);
    const { value } = record.outcome;
    const verification = {
      verdict,
      durationMs,
      ...(verdict === 'confirmed' && outcome.kind === 'valid' ? { value: outcome.value } : {}),
    };
    if (verdict !== 'refuted') {
      this.candidates = this.candidates.with({ ...record, verification });
      if (this.beats(this.next.announcedBest, id, value)) this.next.announcedBest = id;
      return;
    }
    if (!change) return;
    const message = `Had the value ${value}, and failed when it was run again with another seed: ${outcome.kind === 'failed' ? outcome.message : 'no reason is known.'}`;
    const tail = outcome.kind === 'failed' ? outcome.outputTail : undefined;
    const failure = {
      kind: 'failed' as const,
      reason: 'refuted' as const,
      message,
      ...(tail === undefined ? {} : { outputTail: tail }),
    };
    this.candidates = this.candidates.with({ ...record, outcome: failure, verification });
    this.next.valid -= 1;
    change.summary.valid -= 1;
    change.goneValues.push(value + 0);
    if (this.next.best === id) this.findBest();
  }

  private account(facts: EvaluationFacts): void {
    const { accounts = noAccounts, problem } = this.next;
    this.next.accounts = accountsAfter(accounts, facts, problem?.metric.name);
  }

  private evaluateParent(event: Event<'parent.evaluated'>, atMs: number): void {
    const { step, durationMs } = event;
    this.account(event);
    this.next.parentRuns = (this.next.parentRuns ?? 0) + 1;
    const change = this.changeOf(step);
    if (change) this.happened('outcome', change, atMs, durationMs);
  }

  private findBest(): void {
    delete this.next.best;
    for (const { id, outcome } of this.candidates) {
      if (outcome?.kind === 'valid' && this.beats(this.next.best, id, outcome.value)) this.next.best = id;
    }
  }

  private finishStep(event: Event<'step.finished'>, atMs: number): void {
    const change = this.changeOf(event.step);
    if (!change) return;
    change.summary.finished = true;
    change.summary.durationMs = event.durationMs;
    change.summary.gauges = event.gauges;
    this.happened('finished', change, atMs);
    this.count(change, event.usage);
    // Journals of runners that verified nothing: what their steps ended with is what there is to announce.
    const { best } = this.next;
    const record = best === undefined ? undefined : this.candidates.at(best);
    if (record?.step === event.step) this.next.announcedBest = record.id;
  }

  private beats(best: number | undefined, id: number, value: number): boolean {
    const goal = this.goal;
    if (goal === undefined) return false;
    if (best === undefined) return true;
    const bestOutcome = this.candidates.at(best)?.outcome;
    if (bestOutcome?.kind !== 'valid') return true;
    return isBetter(goal, value, bestOutcome.value) || (value === bestOutcome.value && id < best);
  }

  private get goal(): Goal | undefined {
    return this.next.problem?.metric.goal;
  }

  /** The step's working copy. Steps begin one after the other; a later one is a contradiction. */
  private changeOf(step: number): StepChange | undefined {
    const known = this.changes.get(step);
    if (known) return known;
    if (step > this.stepCount) {
      this.inconsistent(`step ${step} came before step ${this.stepCount}`);
      return undefined;
    }
    if (step === this.stepCount) this.stepCount += 1;
    const old = step === -1 ? this.before.initial : this.before.steps[step];
    const change = { summary: { ...(old ?? emptyStep(step)) }, newValues: [], goneValues: [] };
    this.changes.set(step, change);
    return change;
  }

  private finishSteps(): void {
    // Without a goal nothing is better than anything; a journal's first entry says the goal.
    const goal = this.goal ?? 'maximize';
    const initialChange = this.changes.get(-1);
    if (initialChange) {
      const initial = summarize(initialChange, goal);
      this.next.initial = initial.best === undefined ? initial : { ...initial, bestSoFar: initial.best };
    }
    const steps = [...this.before.steps];
    for (const [step, change] of this.changes) if (step >= 0) steps[step] = summarize(change, goal);
    for (let step = Math.max(0, Math.min(...this.changes.keys())); step < steps.length; step++) {
      const summary = steps[step];
      if (!summary) continue;
      const earlier = step === 0 ? this.next.initial?.best : steps[step - 1]?.bestSoFar;
      const bestSoFar = betterOf(goal, earlier, summary.best);
      if (bestSoFar === summary.bestSoFar) continue;
      const changed: Writable<StepSummary> = { ...summary };
      if (bestSoFar === undefined) delete changed.bestSoFar;
      else changed.bestSoFar = bestSoFar;
      steps[step] = changed;
    }
    this.next.steps = steps;
  }

  private inconsistent(message: string): void {
    this.warn(
      'journal-inconsistent',
      `The journal contradicts itself at entry ${this.next.lastSeq}: ${message}.`,
    );
  }

  private warn(code: string, message: string): void {
    this.next.warnings = [...this.next.warnings, { code, message }].slice(-warningsKept);
  }
}

function summarize({ summary, newValues, goneValues }: StepChange, goal: Goal): StepSummary {
  if (newValues.length === 0 && goneValues.length === 0) return summary;
  const ascending = [...(summary.values ?? []), ...newValues].sort((a, b) => a - b);
  for (const value of goneValues) ascending.splice(ascending.indexOf(value), 1);
  return { ...withoutDistribution(summary), ...distributionOf(ascending, goal) };
}

function persistent(list: CandidateList): PersistentCandidateList {
  if (list instanceof PersistentCandidateList) return list;
  let copy = PersistentCandidateList.empty;
  for (const record of list satisfies Iterable<CandidateRecord>) copy = copy.with(record);
  return copy;
}
