import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { emptySnapshot, reduce, type SequencedEntry } from '../../domain/session/reduce';
import type { SessionSnapshot } from '../../domain/session/snapshot';
import { parseJournalValue } from '../../protocol/journalEntry';
import { BlobError, createBlobStore } from '../journal/blobStore';
import { JournalReader, type JournalLine } from '../journal/journalReader';
import { listSegments } from '../journal/segments';

/** The parts of a session that lie in files, wherever the session ran. */
export interface SessionFiles {
  readonly journalPath: string;
  readonly candidatesPath: string;
}

export interface ReadSession {
  readonly snapshot: SessionSnapshot;
  /** What of the journal could not be read, in sentences. */
  readonly notes: readonly string[];
  /** `undefined` for one that is not there, or is not what its name says. */
  readProgram(candidate: number): Promise<string | undefined>;
}

/** The files of a session from its folder or from that of its journal alone; `undefined` if it is neither. */
export function sessionFilesIn(folder: string): SessionFiles | undefined {
  const holdsJournal = (path: string): boolean =>
    existsSync(path) && statSync(path).isDirectory() && listSegments(path).length > 0;
  const inside = join(folder, 'journal');
  if (holdsJournal(inside)) return { journalPath: inside, candidatesPath: join(folder, 'candidates') };
  if (holdsJournal(folder)) {
    return { journalPath: folder, candidatesPath: join(dirname(folder), 'candidates') };
  }
  return undefined;
}

/** Reads a journal piece by piece, up to its end or to where entries are missing. Nothing is written, so the session may be at work. */
export async function readSession({ journalPath, candidatesPath }: SessionFiles): Promise<ReadSession> {
  const notes: string[] = [];
  const reader = new JournalReader(journalPath, 1, ({ segment, bytes, reason }) => {
    if (bytes > 0) notes.push(`${bytes} bytes of the journal's file ${segment} were passed over: ${reason}.`);
  });
  let snapshot = emptySnapshot;
  try {
    for (let isWhole = true; isWhole;) {
      const entries = entriesOf(await reader.read(), notes);
      if (entries.length === 0) break;
      const first = snapshot.lastSeq + 1;
      const gap = entries.findIndex(({ seq }, index) => seq !== first + index);
      isWhole = gap === -1;
      snapshot = reduce(snapshot, isWhole ? entries : entries.slice(0, gap));
      if (!isWhole)
        notes.push(`Entries are missing behind ${snapshot.lastSeq}: what came later was left out.`);
    }
  } finally {
    await reader.close();
  }
  const programs = createBlobStore(candidatesPath);
  return {
    snapshot,
    notes,
    async readProgram(candidate) {
      const record = snapshot.candidates.at(candidate);
      if (record === undefined) return undefined;
      try {
        return await programs.readText(record.sha256);
      } catch (error) {
        if (error instanceof BlobError) return undefined;
        throw error;
      }
    },
  };
}

function entriesOf(lines: readonly JournalLine[], notes: string[]): SequencedEntry[] {
  return lines.map(({ seq, value }) => {
    const parsed = parseJournalValue(value);
    if (parsed.kind === 'entry') return parsed.entry;
    if (parsed.kind === 'malformed') notes.push(`Entry ${seq} cannot be read: ${parsed.error}`);
    return { seq };
  });
}
