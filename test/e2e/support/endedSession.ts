import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { JournalEntry, SessionEvent } from '../../../src/domain/session/events';
import { formatJournalLine, journalEntry } from '../../../src/protocol/journalEntry';

/** A candidate of a session that a test makes up. */
export interface MadeCandidate {
  readonly text: string;
  readonly parent?: number;
  readonly note?: string;
  /** Absent: it failed. */
  readonly value?: number;
}

export interface EndedSession {
  readonly id: string;
  readonly title: string;
  /** The problem file in the workspace; it need not be there. */
  readonly problemPath: string;
  /** The file that the candidates compete with, relative to the problem file. */
  readonly candidatePath: string;
  /** Candidate 0 is the initial program; each other one has a step of its own. Lower values are better. */
  readonly candidates: readonly MadeCandidate[];
}

/** Ids of sessions: the earlier, the older. */
export function madeSessionId(number: number): string {
  return `01JD8E2V7Q00000000000000${String(number).padStart(2, '0')}`;
}

/** Writes a session that has ended to where the editor keeps what it knows of sessions, as if it had followed it. */
export async function writeEndedSession(extensionStorage: string, session: EndedSession): Promise<void> {
  await writeKnownSession(extensionStorage, {
    ...session,
    entries: entriesOf(session),
    texts: session.candidates.map((one) => one.text),
  });
}

/** As `writeEndedSession`, from a journal. */
export async function writeKnownSession(
  extensionStorage: string,
  session: Pick<EndedSession, 'id' | 'title' | 'problemPath'> & {
    readonly entries: readonly JournalEntry[];
    readonly texts: readonly string[];
  },
): Promise<void> {
  const folder = join(extensionStorage, 'sessions', session.id);
  await mkdir(join(folder, 'candidates'), { recursive: true });
  const known = {
    id: session.id,
    target: { kind: 'local' },
    title: session.title,
    createdAtMs: session.entries[0]?.t ?? 0,
    problemUri: pathToFileURL(session.problemPath).href,
  };
  for (const text of session.texts) await writeFile(join(folder, 'candidates', sha256Of(text)), text);
  const lines = session.entries.map((entry) => formatJournalLine(journalEntry.parse(entry)));
  await writeFile(join(folder, 'journal.jsonl'), lines.join(''));
  // Last: an editor that looks now finds all of it.
  await writeFile(join(folder, 'session.json'), JSON.stringify(known));
}

function entriesOf(session: EndedSession): JournalEntry[] {
  const { candidates } = session;
  const last = candidates.length - 1;
  const events: SessionEvent[] = [
    {
      type: 'session.created',
      version: 1,
      sessionId: session.id,
      problem: {
        title: session.title,
        path: session.problemPath,
        candidate: session.candidatePath,
        metric: { name: 'height', goal: 'minimize', unit: 'm' },
        references: [],
      },
      options: {
        method: 'ttt-discover',
        policy: 'tunables',
        seed: 1,
        steps: Math.max(1, last),
        groups: 1,
        groupSize: 3,
        concurrency: 1,
        visits: 'rollouts',
      },
    },
    ...candidates.flatMap((candidate, id): SessionEvent[] => eventsOf(candidate, id)),
    { type: 'session.finished', reason: 'steps' },
  ];
  const createdAtMs = Date.UTC(2026, 10, 1, 8, Number(session.id.slice(-2)));
  return events.map((event, index) => ({
    seq: index + 1,
    t: createdAtMs + index,
    m: index,
    run: 1,
    event,
  }));
}

function eventsOf({ text, parent, note, value }: MadeCandidate, id: number): SessionEvent[] {
  const step = id - 1;
  const begin: SessionEvent[] = step < 0 ? [] : [{ type: 'step.started', step, parents: [parent ?? 0] }];
  return [
    ...begin,
    {
      type: 'candidate.proposed',
      candidate: id,
      step,
      group: 0,
      member: 0,
      sha256: sha256Of(text),
      ...(id === 0 ? {} : { parent: parent ?? 0 }),
      ...(note === undefined ? {} : { note }),
    },
    {
      type: 'candidate.evaluated',
      candidate: id,
      durationMs: 10,
      outcome:
        value === undefined
          ? { kind: 'failed', reason: 'timeout', message: 'It ran longer than 20 s.' }
          : { kind: 'valid', metrics: { height: value }, value, reward: -value },
    },
  ];
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
