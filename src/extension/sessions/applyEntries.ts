import { entriesAfter, reduce, type SequencedEntry } from '../../domain/session/reduce';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { parseJournalValue } from '../../protocol/journalEntry';

export interface Applied {
  readonly snapshot: SessionSnapshot;
  /** The values that were new, in order: to be kept. */
  readonly fresh: readonly unknown[];
  /** Types of new entries that this version does not know: they are kept, and otherwise passed over. */
  readonly unknownTypes: readonly string[];
}

/** A value from the journal is no journal entry: the two sides do not understand each other. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

/**
 * Applies raw journal values to a snapshot. Values that it already holds are dropped, so a repeat changes nothing. A gap
 * is a `SequenceError`, a value that is no entry a `JournalError`; nothing of the call is applied then.
 */
export function applyEntries(snapshot: SessionSnapshot, values: readonly unknown[]): Applied {
  const entries = entriesAfter(snapshot, values.map(entryOf));
  return {
    snapshot: reduce(snapshot, entries),
    fresh: entries.map((entry) => entry.raw),
    unknownTypes: entries.flatMap(({ unknownType }) => (unknownType === undefined ? [] : [unknownType])),
  };
}

function entryOf(value: unknown): SequencedEntry & { readonly raw: unknown; readonly unknownType?: string } {
  const line = parseJournalValue(value);
  switch (line.kind) {
    case 'entry':
      return { ...line.entry, raw: value };
    case 'unknown':
      return { seq: line.seq, raw: value, unknownType: line.type };
    case 'malformed':
      throw new JournalError(`A line of the journal cannot be read: ${line.error}`);
  }
}
