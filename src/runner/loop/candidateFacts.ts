import { keyedSeed } from '../../domain/keyedRandom';
import { promptParentOf } from '../../domain/prompt/promptParent';
import type { CandidateRecord } from '../../domain/session/snapshot';
import type { Parent } from '../../policy/policy';
import type { SessionFrame, SessionPorts } from './ports';
import type { OpenStep, SessionRecord } from './sessionRecord';
import type { EvaluatedGroup } from './trainingGroups';

/** What the loop's parts share. */
export interface LoopContext {
  readonly ports: SessionPorts;
  readonly frame: SessionFrame;
  readonly record: SessionRecord;
}

/** What one evaluation needs. */
export interface Job {
  readonly candidate: number;
  readonly text: string;
  readonly seed: number;
  readonly parentState?: string;
  /** Candidate that this one starts from. */
  readonly parent?: number;
}

/** A group of a step before it is proposed. */
export interface GroupFacts {
  readonly group: number;
  readonly parent: Parent;
  /** What the evaluations of its members have in common. */
  readonly common: Pick<Job, 'seed' | 'parentState' | 'parent'>;
}

/** Facts of candidates, out of the record and the session's files. */
export class CandidateFacts {
  constructor(private readonly context: LoopContext) {}

  candidate(id: number): CandidateRecord | undefined {
    return this.context.record.snapshot.candidates.at(id);
  }

  text(record: CandidateRecord): Promise<string> {
    return this.context.ports.candidates.readText(record.sha256);
  }

  /** Candidates 0 to `groups` - 1: the initial program, each with a seed of its own. */
  get initialIds(): readonly number[] {
    return ids(0, this.context.frame.options.groups);
  }

  get initialRecords(): readonly CandidateRecord[] {
    return this.initialIds.flatMap((id) => this.candidate(id) ?? []);
  }

  /** True if every initial candidate has an outcome. */
  initialsDone(): boolean {
    const { initial } = this.context.record.snapshot;
    return initial?.evaluated === this.context.frame.options.groups;
  }

  /** True if every member of the step is in the journal. */
  allProposed(step: OpenStep): boolean {
    return this.context.record.snapshot.steps[step.step]?.proposed === this.sizeOf(step);
  }

  /** True if every member of the step has an outcome. */
  allEvaluated(step: OpenStep): boolean {
    return this.context.record.snapshot.steps[step.step]?.evaluated === this.sizeOf(step);
  }

  stepRecords(step: OpenStep): readonly CandidateRecord[] {
    return ids(step.firstCandidate, this.sizeOf(step)).flatMap((id) => this.candidate(id) ?? []);
  }

  /** Index = member. */
  memberIds(step: OpenStep, group: number): readonly number[] {
    const { groupSize } = this.context.frame.options;
    return ids(step.firstCandidate + group * groupSize, groupSize);
  }

  groups(step: OpenStep): Promise<readonly GroupFacts[]> {
    const seed = keyedSeed(this.context.frame.options.seed, 'evaluation', step.step);
    return Promise.all(
      step.parents.map(async (id, group) => ({
        group,
        parent: await this.parent(id),
        common: { seed, parent: id, ...(await this.stateOf(id)) },
      })),
    );
  }

  /** The step's groups with their outcomes; call when all are in. */
  evaluatedGroups(step: OpenStep): Promise<readonly EvaluatedGroup[]> {
    return Promise.all(
      step.parents.map(async (parent, group) => ({
        group,
        parent: await this.parent(parent),
        members: this.memberIds(step, group).flatMap((id) => {
          const outcome = this.candidate(id)?.outcome;
          const trace = step.traces.get(id);
          return outcome === undefined ? [] : [{ outcome, ...(trace === undefined ? {} : { trace }) }];
        }),
      })),
    );
  }

  private sizeOf(step: OpenStep): number {
    return step.parents.length * this.context.frame.options.groupSize;
  }

  private async parent(id: number): Promise<Parent> {
    const record = this.candidate(id);
    if (record === undefined) throw new Error(`parent ${id} is not in the journal`);
    const text = await this.text(record);
    const before = record.parent === undefined ? undefined : this.candidate(record.parent)?.outcome;
    return { candidate: id, ...promptParentOf(text, record.outcome, before) };
  }

  /** The construction that children of this candidate start from. */
  async stateOf(id: number): Promise<Pick<Job, 'parentState'>> {
    const outcome = this.candidate(id)?.outcome;
    if (outcome?.kind !== 'valid' || outcome.stateSha256 === undefined) return {};
    return { parentState: await this.context.ports.states.readText(outcome.stateSha256) };
  }
}

function ids(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}
