import type { JsonValue } from '../../domain/json';
import type { JournalEntry, SessionEvent } from '../../domain/session/events';
import { withNote } from '../../domain/session/notes';
import { emptySnapshot, reduce, type UnknownEntry } from '../../domain/session/reduce';
import type { SessionSnapshot } from '../../domain/session/snapshot';

/** A step that has begun and is not finished. */
export interface OpenStep {
  readonly step: number;
  /** Candidates to start from; index = group. */
  readonly parents: readonly number[];
  /** Id of member 0 of group 0; the step's ids are contiguous from it. */
  readonly firstCandidate: number;
  /** `activeMs` when it began. */
  readonly startedAtMs: number;
  /** What a person had said to steer when it began, oldest first. */
  readonly notes: readonly string[];
  /** What the policy gave with the proposals, by candidate. */
  readonly traces: ReadonlyMap<number, JsonValue>;
  /** Why proposals are no programs, by candidate. */
  readonly failures: ReadonlyMap<number, string>;
}

interface OpenStepRecord extends OpenStep {
  readonly traces: Map<number, JsonValue>;
  readonly failures: Map<number, string>;
}

type FinalEvent = Extract<SessionEvent, { type: 'session.finished' | 'session.failed' }>;

/** What the loop knows of its session: all of it comes from the journal's entries, so a restart knows the same. */
export class SessionRecord {
  #snapshot: SessionSnapshot = emptySnapshot;
  #openSteps: readonly OpenStepRecord[] = [];
  #policySha256: string | undefined;
  #policyFacts: Readonly<Record<string, JsonValue>> | undefined;
  #nextCandidate = 0;
  #final: FinalEvent | undefined;
  #paused = false;
  #activeMs = 0;
  #run = 0;
  #lastM = 0;
  #groupSize = 0;
  #notes: readonly string[] = [];

  get snapshot(): SessionSnapshot {
    return this.#snapshot;
  }
  /** The oldest first; more than one only while steps overlap. */
  get openSteps(): readonly OpenStep[] {
    return this.#openSteps;
  }
  /** Content address of the policy's state after the last finished step that trained. */
  get policySha256(): string | undefined {
    return this.#policySha256;
  }
  /** What the policy held elsewhere when it was last ready. */
  get policyFacts(): Readonly<Record<string, JsonValue>> | undefined {
    return this.#policyFacts;
  }
  get final(): FinalEvent | undefined {
    return this.#final;
  }
  get paused(): boolean {
    return this.#paused;
  }

  /** Wall-clock time that the session worked, over all its runs: pauses are left out, and what a killed run did after its last entry. */
  activeMs(monotonicMs: number): number {
    return this.#activeMs + (this.#paused ? 0 : monotonicMs - this.#lastM);
  }

  /** Throws `SequenceError` if entries are missing before these or among them. */
  apply(entries: readonly (JournalEntry | UnknownEntry)[]): void {
    this.#snapshot = reduce(this.#snapshot, entries);
    for (const entry of entries) this.#applyEntry(entry);
  }

  #applyEntry(entry: JournalEntry | UnknownEntry): void {
    if (entry.event === undefined) return;
    if (entry.run !== this.#run) {
      this.#run = entry.run;
      this.#lastM = entry.m;
    }
    if (!this.#paused) this.#activeMs += entry.m - this.#lastM;
    this.#lastM = entry.m;
    this.#applyEvent(entry.event);
  }

  #applyEvent(event: SessionEvent): void {
    switch (event.type) {
      case 'session.created':
        this.#nextCandidate = event.options.groups;
        this.#groupSize = event.options.groupSize;
        return;
      case 'step.started':
        this.#openSteps = [
          ...this.#openSteps,
          {
            step: event.step,
            parents: event.parents,
            firstCandidate: this.#nextCandidate,
            startedAtMs: this.#activeMs,
            notes: this.#notes,
            traces: new Map(),
            failures: new Map(),
          },
        ];
        this.#nextCandidate += event.parents.length * this.#groupSize;
        return;
      case 'candidate.proposed': {
        const step = this.#openSteps.find((open) => open.step === event.step);
        if (event.trace !== undefined) step?.traces.set(event.candidate, event.trace);
        if (event.failure !== undefined) step?.failures.set(event.candidate, event.failure);
        return;
      }
      case 'step.finished':
        this.#openSteps = this.#openSteps.filter((open) => open.step !== event.step);
        this.#policySha256 = event.policySha256 ?? this.#policySha256;
        return;
      case 'policy.ready':
        this.#policyFacts = event.facts;
        return;
      case 'note.added':
        this.#notes = withNote(this.#notes, event.text);
        return;
      case 'notes.removed':
        this.#notes = [];
        return;
      case 'session.paused':
        this.#paused = true;
        return;
      case 'session.resumed':
        this.#paused = false;
        return;
      case 'session.finished':
      case 'session.failed':
        this.#final = event;
        return;
      default:
        return;
    }
  }
}
