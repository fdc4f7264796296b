import { costUsd, pricesInUse } from '../../domain/session/cost';
import { outcomeGroupOf, outcomeGroups } from '../../domain/session/outcomeGroup';
import type { CandidateRecord, SessionSnapshot } from '../../domain/session/snapshot';
import type { TokenPrices } from '../../domain/session/modelSettings';
import type { CandidateColumns } from '../../protocol/dashboardData';
import { compactRows, emptyRows, firstRows, grownRows, type Rows } from './candidateColumns';

/** Tokens and money of a step, to its end so far. */
export interface StepTotals {
  /** Of all candidates of this step and of earlier ones. */
  readonly proposedUpTo: number;
  readonly tokensUpTo: number;
  /** With the updates up to this step's own; NaN where no prices are known. */
  readonly usdUpTo: number;
}

const groupIndex = new Map(outcomeGroups.map((group, index) => [group, index]));

interface StepSums {
  proposed: number;
  promptTokens: number;
  sampledTokens: number;
  /** What the step's update took, in US dollars. */
  updateUsd: number;
}

/**
 * The numbers of all candidates of one session, in columns. It is brought up to date with the candidates that changed: what that
 * costs is what they are, not what the session is.
 */
export class CandidateTable {
  private rows: Rows = emptyRows(1024);
  /** Highest id plus one. */
  private length = 0;
  private count = 0;
  private touchedFrom = Number.POSITIVE_INFINITY;
  private readonly steps = new Map<number, StepSums>();
  private readonly firstWithText = new Map<string, number>();
  private createdAtMs = 0;
  private prices: TokenPrices | undefined;

  /** Takes in candidates that changed; gives the ids of all rows that are other than before, ascending. */
  update(snapshot: SessionSnapshot, changed: Iterable<CandidateRecord>): number[] {
    this.createdAtMs = snapshot.createdAtMs ?? 0;
    this.prices = pricesInUse(snapshot.options?.model);
    let sumsFrom = Number.POSITIVE_INFINITY;
    for (const record of changed) {
      if (!this.has(record.id)) {
        sumsFrom = Math.min(sumsFrom, record.id);
        this.admit(record);
      }
      this.fill(record);
    }
    this.sumUp(Math.min(sumsFrom, this.countUpdates(snapshot)));
    return this.takeTouched();
  }

  /** Marks those of which changes were accepted; gives the ids of rows that are other than before. */
  markAccepted(accepted: ReadonlySet<number>): number[] {
    const { accepted: marks } = this.rows;
    const ids: number[] = [];
    for (let id = 0; id < this.length; id++) {
      const mark = accepted.has(id) ? 1 : 0;
      if (!this.has(id) || marks[id] === mark) continue;
      marks[id] = mark;
      ids.push(id);
    }
    return ids;
  }

  /** All rows, or those of some candidates that are in it. */
  columns(ids?: readonly number[]): CandidateColumns {
    if (ids === undefined && this.count === this.length) return firstRows(this.rows, this.length);
    return compactRows(this.rows, ids ?? this.ids());
  }

  /** Number of candidates in it. */
  get size(): number {
    return this.count;
  }

  /** By step, ascending; -1 is the initial program. */
  totals(): ReadonlyMap<number, StepTotals> {
    const totals = new Map<number, StepTotals>();
    let [proposedUpTo, tokensUpTo, usdUpTo] = [0, 0, 0];
    for (const [step, sums] of [...this.steps].sort(([a], [b]) => a - b)) {
      proposedUpTo += sums.proposed;
      tokensUpTo += sums.promptTokens + sums.sampledTokens;
      usdUpTo += sums.updateUsd + this.usdOf(sums.promptTokens, sums.sampledTokens);
      totals.set(step, { proposedUpTo, tokensUpTo, usdUpTo });
    }
    return totals;
  }

  private touch(id: number): void {
    this.rows.touched[id] = 1;
    this.touchedFrom = Math.min(this.touchedFrom, id);
  }

  private takeTouched(): number[] {
    const ids: number[] = [];
    for (let id = this.touchedFrom; id < this.length; id++) if (this.rows.touched[id] === 1) ids.push(id);
    this.rows.touched.fill(0, Math.min(this.touchedFrom, this.length));
    this.touchedFrom = Number.POSITIVE_INFINITY;
    return ids;
  }

  private has(id: number): boolean {
    return id < this.length && this.rows.present[id] === 1;
  }

  private ids(): number[] {
    const ids: number[] = [];
    for (let id = 0; id < this.length; id++) if (this.has(id)) ids.push(id);
    return ids;
  }

  private admit({ id, step, sha256, usage }: CandidateRecord): void {
    if (id >= this.rows.present.length) this.rows = grownRows(this.rows, id + 1);
    this.length = Math.max(this.length, id + 1);
    this.rows.present[id] = 1;
    this.count += 1;
    const sums = this.sumsOf(step);
    sums.proposed += 1;
    sums.promptTokens += usage?.promptTokens ?? 0;
    sums.sampledTokens += usage?.sampledTokens ?? 0;
    const first = this.firstWithText.get(sha256);
    if (first === undefined || id < first) this.firstWithText.set(sha256, id);
    this.rows.firstWithText[id] = Math.min(first ?? id, id);
    // Proposals come in any order: the earlier one may be the later one here.
    if (first === undefined || id > first) return;
    for (let other = first; other < this.length; other++) {
      if (!this.has(other) || this.rows.firstWithText[other] !== first) continue;
      this.rows.firstWithText[other] = id;
      this.touch(other);
    }
  }

  private fill(record: CandidateRecord): void {
    const { id, outcome, usage } = record;
    const { rows } = this;
    this.touch(id);
    rows.steps[id] = record.step;
    rows.parents[id] = record.parent ?? -1;
    rows.outcomes[id] = groupIndex.get(outcomeGroupOf(outcome)) ?? 0;
    rows.values[id] = outcome?.kind === 'valid' ? outcome.value : Number.NaN;
    rows.endedAtMs[id] =
      record.endedAtMs === undefined ? Number.NaN : Math.max(0, record.endedAtMs - this.createdAtMs);
    rows.durationsMs[id] = record.durationMs ?? Number.NaN;
    rows.promptTokens[id] = usage?.promptTokens ?? 0;
    rows.sampledTokens[id] = usage?.sampledTokens ?? 0;
  }

  /** Takes in what updates took; gives the first id whose sums are other for it. */
  private countUpdates({ steps }: SessionSnapshot): number {
    let firstStep = Number.POSITIVE_INFINITY;
    for (const { step, usage } of steps) {
      if (usage === undefined) continue;
      const sums = this.sumsOf(step);
      const updateUsd = this.usdOf(usage.promptTokens - sums.promptTokens, 0, usage.trainedTokens);
      if (Object.is(updateUsd, sums.updateUsd)) continue;
      sums.updateUsd = updateUsd;
      firstStep = Math.min(firstStep, step + 1);
    }
    let first = Number.POSITIVE_INFINITY;
    for (let id = this.length - 1; id >= 0; id--) {
      if (!this.has(id)) continue;
      if ((this.rows.steps[id] ?? 0) < firstStep) break;
      first = id;
    }
    return first;
  }

  private sumUp(from: number): void {
    if (from >= this.length) return;
    const { rows } = this;
    let before = from - 1;
    while (before >= 0 && !this.has(before)) before -= 1;
    let tokens = before < 0 ? 0 : (rows.tokensUpTo[before] ?? 0);
    let step = before < 0 ? Number.NEGATIVE_INFINITY : (rows.steps[before] ?? 0);
    let usd = before < 0 ? 0 : (rows.usdUpTo[before] ?? 0);
    for (let id = from; id < this.length; id++) {
      if (!this.has(id)) continue;
      const prompt = rows.promptTokens[id] ?? 0;
      const sampled = rows.sampledTokens[id] ?? 0;
      const ownStep = rows.steps[id] ?? 0;
      // Ids ascend with the steps: behind the last candidate of a step comes what its update took.
      if (ownStep > step) usd += this.updatesBetween(step, ownStep);
      step = Math.max(step, ownStep);
      tokens += prompt + sampled;
      usd += this.usdOf(prompt, sampled);
      if (rows.tokensUpTo[id] === tokens && Object.is(rows.usdUpTo[id], usd)) continue;
      rows.tokensUpTo[id] = tokens;
      rows.usdUpTo[id] = usd;
      this.touch(id);
    }
  }

  private updatesBetween(from: number, to: number): number {
    let usd = 0;
    for (const [step, sums] of this.steps) if (step >= from && step < to) usd += sums.updateUsd;
    return usd;
  }

  private usdOf(promptTokens: number, sampledTokens: number, trainedTokens = 0): number {
    if (this.prices === undefined) return Number.NaN;
    return costUsd({ promptTokens, sampledTokens, trainedTokens }, this.prices);
  }

  private sumsOf(step: number): StepSums {
    let sums = this.steps.get(step);
    if (sums === undefined) {
      sums = { proposed: 0, promptTokens: 0, sampledTokens: 0, updateUsd: 0 };
      this.steps.set(step, sums);
    }
    return sums;
  }
}
