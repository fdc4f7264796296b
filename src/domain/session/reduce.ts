import type { Goal } from '../problem/problem';
import { beats, bestOf } from './bestCandidate';
import { evaluatedCandidate, proposedCandidate, verifiedCandidate } from './candidateAfter';
import { PersistentCandidateList } from './candidateList';
import { accountsAfter, noAccounts, type EvaluationFacts } from './evaluationAccounts';
import type { SessionEvent } from './events';
import { withNote } from './notes';
import { SequenceError, type SequencedEntry } from './sequence';
import type { SessionSnapshot } from './snapshot';
import { messageAfter, statusAfter } from './status';
import { StepChanges, type StepChange, type Writable } from './stepChanges';
import { clockAfter, clockBefore, timesAfter } from './stepTimes';
import { addUsage, type SomeUsage } from './tokenUsage';

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

type Event<Type extends SessionEvent['type']> = Extract<SessionEvent, { type: Type }>;

class Reduction {
  private readonly next: Writable<SessionSnapshot>;
  private candidates: PersistentCandidateList;
  private readonly steps: StepChanges;

  constructor(before: SessionSnapshot) {
    this.next = { ...before };
    this.candidates = PersistentCandidateList.of(before.candidates);
    this.steps = new StepChanges(before);
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
    // Without a goal nothing is better than anything; a journal's first entry says the goal.
    const { initial, steps } = this.steps.summaries(this.goal ?? 'maximize');
    if (initial !== undefined) this.next.initial = initial;
    this.next.steps = steps;
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
      case 'node.ready': {
        const { node, isolation } = event;
        const others = (this.next.nodes ?? []).filter((other) => other.node !== node);
        this.next.nodes = [...others, { node, isolation }];
        break;
      }
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
    const { candidate: id, step } = event;
    if (this.candidates.at(id)) {
      this.inconsistent(`candidate ${id} was proposed twice`);
      return;
    }
    const change = this.changeOf(step);
    if (!change) return;
    change.summary.proposed += 1;
    this.happened('proposed', change, atMs);
    this.count(change, event.usage);
    this.candidates = this.candidates.with(proposedCandidate(event, atMs));
  }

  private evaluate(event: Event<'candidate.evaluated'>, atMs: number): void {
    const { candidate: id, outcome, durationMs } = event;
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
    this.candidates = this.candidates.with(evaluatedCandidate(record, event, atMs));
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
    const { candidate: id, verdict, durationMs } = event;
    const record = this.candidates.at(id);
    if (record?.outcome?.kind !== 'valid') {
      this.inconsistent(`candidate ${id} was verified and had no value`);
      return;
    }
    const change = this.changeOf(record.step);
    this.happened('outcome', change, atMs, durationMs);
    this.account(event);
    const { value } = record.outcome;
    const verified = verifiedCandidate(record, value, event);
    if (verdict !== 'refuted') {
      this.candidates = this.candidates.with(verified);
      if (this.beats(this.next.announcedBest, id, value)) this.next.announcedBest = id;
      return;
    }
    if (!change) return;
    this.candidates = this.candidates.with(verified);
    this.next.valid -= 1;
    change.summary.valid -= 1;
    change.goneValues.push(value + 0);
    if (this.next.best !== id) return;
    const best = bestOf(this.goal, this.candidates);
    if (best === undefined) delete this.next.best;
    else this.next.best = best;
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
    return beats(this.goal, this.candidates, best, id, value);
  }

  private get goal(): Goal | undefined {
    return this.next.problem?.metric.goal;
  }

  /** The step's working copy; a step that comes too early is a contradiction. */
  private changeOf(step: number): StepChange | undefined {
    const change = this.steps.of(step);
    if (change === undefined) this.inconsistent(`step ${step} came before step ${this.steps.count}`);
    return change;
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
