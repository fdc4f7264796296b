import { isBetter } from '../../domain/problem/problem';
import type { CandidateRecord, SessionSnapshot } from '../../domain/session/snapshot';
import { candidateRowLimit, type CandidateRow } from '../../protocol/dashboardMessages';
import { t } from '../base/translate';

const bestRowLimit = 50;

/**
 * The newest candidates and the best ones, newest first, at most `candidateRowLimit`. It is kept up to date with the candidates that
 * changed, as sessions have tens of thousands.
 */
export class CandidateRows {
  /** The best first, the earliest among equals. */
  private best: { readonly id: number; readonly value: number }[] = [];
  private readonly bestIds = new Set<number>();
  /** Ids, ascending. */
  private readonly newest: number[] = [];
  private shown: readonly CandidateRow[] = [];
  private records: readonly CandidateRecord[] = [];

  /** The list; the same object as before where nothing in it changed. */
  update(snapshot: SessionSnapshot, changed: Iterable<CandidateRecord>): readonly CandidateRow[] {
    let isWhole = false;
    for (const record of changed) {
      this.noteNewest(record.id);
      const isListed = this.bestIds.has(record.id);
      if (isListed && valueOf(record) === null) isWhole = true;
      else if (!isListed) this.place(snapshot, record);
    }
    // One of the best was refuted: who takes its place is known only by looking at all.
    if (isWhole) {
      this.best = [];
      this.bestIds.clear();
      for (const record of snapshot.candidates) this.place(snapshot, record);
    }
    const records = this.select(snapshot);
    const isSame =
      records.length === this.records.length &&
      records.every((record, index) => record === this.records[index]);
    if (isSame) return this.shown;
    this.records = records;
    this.shown = records.map(projectCandidate);
    return this.shown;
  }

  private noteNewest(id: number): void {
    const { newest } = this;
    let place = newest.length;
    while (place > 0 && (newest[place - 1] ?? 0) >= id) place -= 1;
    if (newest[place] === id) return;
    newest.splice(place, 0, id);
    if (newest.length > candidateRowLimit) newest.shift();
  }

  private place(snapshot: SessionSnapshot, record: CandidateRecord): void {
    const goal = snapshot.problem?.metric.goal ?? 'minimize';
    const value = valueOf(record);
    if (value === null) return;
    const { id } = record;
    const isBefore = (other: { readonly id: number; readonly value: number }): boolean =>
      isBetter(goal, value, other.value) || (value === other.value && id < other.id);
    const last = this.best.at(-1);
    if (this.best.length === bestRowLimit && last !== undefined && !isBefore(last)) return;
    const place = this.best.findIndex(isBefore);
    this.best.splice(place === -1 ? this.best.length : place, 0, { id, value });
    this.bestIds.add(id);
    const worse = this.best.length > bestRowLimit ? this.best.pop() : undefined;
    if (worse !== undefined) this.bestIds.delete(worse.id);
  }

  private select({ candidates }: SessionSnapshot): CandidateRecord[] {
    const shown = new Map<number, CandidateRecord>();
    const show = (id: number): void => {
      const record = candidates.at(id);
      if (record !== undefined) shown.set(id, record);
    };
    for (const { id } of this.best) show(id);
    for (let index = this.newest.length - 1; index >= 0 && shown.size < candidateRowLimit; index--) {
      show(this.newest[index] ?? -1);
    }
    return [...shown.values()].sort((a, b) => b.id - a.id);
  }
}

function projectCandidate(candidate: CandidateRecord): CandidateRow {
  const { outcome } = candidate;
  return {
    id: candidate.id,
    step: candidate.step,
    parent: candidate.parent ?? null,
    state: outcome === undefined ? 'running' : outcome.kind,
    value: valueOf(candidate),
    note: noteOf(candidate),
    durationMs: candidate.durationMs ?? null,
  };
}

export function valueOf(candidate: CandidateRecord | undefined): number | null {
  return candidate?.outcome?.kind === 'valid' ? candidate.outcome.value : null;
}

/** The failure, or what the policy changed, whose outcome it has if it was not run, and what came of a second run. */
function noteOf({ outcome, note, verification, reusedFrom }: CandidateRecord): string {
  if (outcome?.kind === 'failed') return outcome.message;
  const again =
    verification === undefined
      ? undefined
      : verification.value === undefined
        ? t('run again, it ended by a limit')
        : t('run again with another seed: {0}', Number(verification.value.toPrecision(8)));
  const known = reusedFrom && t('not run again, the same program was c{0}', reusedFrom.candidate);
  return [note, known, again].filter((part) => part !== undefined && part !== '').join('; ');
}
