import type { JournalEntry } from './events';
import type { SessionSnapshot } from './snapshot';

/** An entry of a type that this version does not know: it counts for the sequence and is otherwise ignored. */
export interface UnknownEntry {
  readonly seq: number;
  readonly event?: undefined;
}

export type SequencedEntry = JournalEntry | UnknownEntry;

/** Entries are missing, repeated or out of order. Ask the journal again for everything from `expected`. */
export class SequenceError extends Error {
  override readonly name = 'SequenceError';
  constructor(
    readonly expected: number,
    readonly found: number,
  ) {
    super(
      `Journal entry ${expected} should come next, but ${found} came: read the journal again from ${expected}.`,
    );
  }
}

/**
 * Those of `entries` that the snapshot does not have yet. Repeated entries are dropped, so that overlapping deliveries do no
 * harm. Throws `SequenceError` where one is missing.
 */
export function entriesAfter<Entry extends SequencedEntry>(
  snapshot: Pick<SessionSnapshot, 'lastSeq'>,
  entries: readonly Entry[],
): Entry[] {
  let last = snapshot.lastSeq;
  const fresh: Entry[] = [];
  for (const entry of entries) {
    if (entry.seq <= last) continue;
    if (entry.seq !== last + 1) throw new SequenceError(last + 1, entry.seq);
    last = entry.seq;
    fresh.push(entry);
  }
  return fresh;
}
