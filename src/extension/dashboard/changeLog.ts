import { PersistentCandidateList } from '../../domain/session/candidateList';
import type { CandidateRecord, SessionSnapshot } from '../../domain/session/snapshot';

/** Ids beyond are a damaged journal's: a table by id has no place for them. */
const mostCandidates = 5_000_000;

export interface SnapshotChange {
  /** The journal was read anew, and may hold less: what was made of the snapshots before is void. */
  readonly isRestart: boolean;
  /** By ascending id. */
  readonly changed: readonly CandidateRecord[];
}

/** Tells what is new in a session's snapshot against the one that it saw before. */
export class ChangeLog {
  private snapshot: SessionSnapshot | undefined;

  next(snapshot: SessionSnapshot): SnapshotChange {
    const isRestart = this.snapshot !== undefined && !continues(this.snapshot, snapshot);
    const older = isRestart ? undefined : this.snapshot?.candidates;
    this.snapshot = snapshot;
    return { isRestart, changed: changedCandidates(snapshot, older ?? PersistentCandidateList.empty) };
  }
}

function continues(before: SessionSnapshot, after: SessionSnapshot): boolean {
  return (
    (before.createdAtMs ?? after.createdAtMs) === after.createdAtMs &&
    before.lastSeq <= after.lastSeq &&
    before.steps.length <= after.steps.length &&
    before.candidates.length <= after.candidates.length
  );
}

function changedCandidates(
  { candidates }: SessionSnapshot,
  older: SessionSnapshot['candidates'],
): readonly CandidateRecord[] {
  const changed =
    candidates instanceof PersistentCandidateList
      ? candidates.changedSince(older)
      : [...candidates].filter((record) => older.at(record.id) !== record);
  return candidates.length <= mostCandidates ? changed : changed.filter(({ id }) => id < mostCandidates);
}
