import type { Goal } from '../problem/problem';
import type { CandidateRecord, SessionSnapshot } from '../session/snapshot';
import { Archive, type ArchiveEntry, type ArchiveOptions } from './archive';

export interface ReplayFacts {
  readonly goal: Goal;
  /** Steps 0 to `finishedSteps - 1` have a `step.finished` in the journal. */
  readonly finishedSteps: number;
}

/** The metric, turned so that higher is better; `undefined` without a valid evaluation. */
export function orientedScore(record: CandidateRecord, goal: Goal): number | undefined {
  if (record.outcome?.kind !== 'valid') return undefined;
  return goal === 'minimize' ? -record.outcome.value : record.outcome.value;
}

/** How the archive sees a candidate: two are the same if their constructions are, or their programs where there is none. */
export function archiveEntryOf(record: CandidateRecord, goal: Goal): ArchiveEntry {
  const construction = record.outcome?.kind === 'valid' ? record.outcome.stateSha256 : undefined;
  return {
    id: record.id,
    step: record.step,
    score: orientedScore(record, goal),
    contentKey: construction === undefined ? `program:${record.sha256}` : `construction:${construction}`,
    ...(record.parent === undefined ? {} : { parent: record.parent }),
  };
}

/**
 * Ends a step in the archive: records its evaluated candidates by ascending id, whatever order they came in, then
 * flushes. The live loop and the replay both go through here, so they cannot differ.
 */
export function finishStep(archive: Archive, records: Iterable<CandidateRecord>, goal: Goal): void {
  for (const record of [...records].sort((a, b) => a.id - b.id)) {
    if (record.outcome === undefined || record.parent === undefined) continue;
    if (record.outcome.kind === 'valid') archive.recordSuccess(archiveEntryOf(record, goal));
    else archive.recordFailure(record.parent);
  }
  archive.flush();
}

/** Inserts the evaluated initial candidates by ascending id, those with a failed evaluation without a score. */
export function insertInitials(archive: Archive, records: Iterable<CandidateRecord>, goal: Goal): void {
  for (const record of [...records].sort((a, b) => a.id - b.id)) {
    if (record.outcome !== undefined) archive.insertInitial(archiveEntryOf(record, goal));
  }
}

/** Rebuilds the archive as it stood after the last finished step. Candidates of a step in work are left out. */
export function replayArchive(
  candidates: Iterable<CandidateRecord>,
  facts: ReplayFacts,
  options: ArchiveOptions,
): Archive {
  const initials: CandidateRecord[] = [];
  const steps = Array.from({ length: facts.finishedSteps }, (): CandidateRecord[] => []);
  for (const record of candidates) {
    if (record.step === -1) initials.push(record);
    else steps[record.step]?.push(record);
  }
  const archive = new Archive(options);
  insertInitials(archive, initials, facts.goal);
  for (const records of steps) finishStep(archive, records, facts.goal);
  return archive;
}

/** Steps that the journal says are finished, counted from the first without a gap. */
export function finishedStepCount(snapshot: Pick<SessionSnapshot, 'steps'>): number {
  const open = snapshot.steps.findIndex((step) => !step.finished);
  return open === -1 ? snapshot.steps.length : open;
}
