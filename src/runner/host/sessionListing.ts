import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as z from 'zod';
import { sessionEvent } from '../../domain/session/events';
import { parseJournalValue } from '../../protocol/journalEntry';
import type { SessionListing, Verdict } from '../../protocol/hostCommands';
import { errorCode } from '../journal/diskFullError';
import { JournalReader, readJournal } from '../journal/journalReader';
import { listSegments, segmentPath } from '../journal/segments';
import type { FinalEvent } from '../loop/ports';
import { readJsonFile, writeJsonFile } from './privateFiles';
import { lastOwner } from './ownership';
import { bootId, isAlive } from './processIdentity';
import { readSpec, type SessionFolder, type StoredSpec } from './sessionFolder';

const exitRecord = z.object({ version: z.literal(1), atMs: z.number(), event: sessionEvent });

/** Says durably how the session ends; written before the journal's last entry. */
export function recordEnd(folder: SessionFolder, event: FinalEvent, atMs: number): void {
  writeJsonFile(folder.exitPath, { version: 1, atMs, event });
}

export function recordedEnd(folder: SessionFolder): FinalEvent | undefined {
  const event = readJsonFile(folder.exitPath, exitRecord)?.event;
  return event?.type === 'session.finished' || event?.type === 'session.failed' ? event : undefined;
}

/** What is known of the session's process. */
export function verdictOf(folder: SessionFolder): Verdict {
  const owner = lastOwner(folder);
  if (owner !== undefined && isAlive(owner.process)) return { state: 'live', pid: owner.process.pid };
  const end = recordedEnd(folder);
  if (end?.type === 'session.finished') return { state: 'exited', reason: 'finished' };
  if (end?.type === 'session.failed') return { state: 'exited', reason: 'failed', message: end.message };
  if (owner === undefined) return { state: 'exited', reason: 'never-started', ...startLogTail(folder) };
  const rebooted = owner.process.bootId !== bootId();
  return { state: 'exited', reason: rebooted ? 'host-rebooted' : 'runner-lost', ...startLogTail(folder) };
}

/** `undefined` if there is no such session. */
export async function listingOf(folder: SessionFolder): Promise<SessionListing | undefined> {
  const spec = readSpec(folder);
  if (spec === undefined) return undefined;
  const { title, createdAtMs } = await beginningOf(folder, spec);
  return {
    sessionId: folder.sessionId,
    title,
    displayPath: spec.displayPath,
    ...(createdAtMs === undefined ? {} : { createdAtMs }),
    lastSeq: await lastSeqOf(folder.journalPath),
    verdict: verdictOf(folder),
  };
}

async function beginningOf(
  folder: SessionFolder,
  spec: StoredSpec,
): Promise<{ readonly title: string; readonly createdAtMs?: number }> {
  const reader = new JournalReader(folder.journalPath);
  try {
    const parsed = parseJournalValue((await reader.read(1))[0]?.value);
    if (parsed.kind !== 'entry' || parsed.entry.event.type !== 'session.created')
      return { title: spec.displayPath };
    return { title: parsed.entry.event.problem.title, createdAtMs: parsed.entry.t };
  } finally {
    await reader.close();
  }
}

const tailBytes = 64 * 1024;
const numbered = z.looseObject({ seq: z.int().min(1) });

/** Number of the last entry. Looks at the end of the last segment first, since journals get long. */
async function lastSeqOf(journalPath: string): Promise<number> {
  const last = listSegments(journalPath).at(-1);
  if (last === undefined) return 0;
  const lines = readTail(segmentPath(journalPath, last), tailBytes).split('\n');
  // What stands behind the last newline is not written to its end; the first piece may lack its begin.
  for (const line of lines.slice(1, -1).reverse()) {
    const seq = numbered.safeParse(parseJson(line)).data?.seq;
    if (seq !== undefined) return seq;
  }
  return (await readJournal(journalPath)).lastSeq;
}

/** The last lines that the runner printed when it could not keep a journal. */
function startLogTail(folder: SessionFolder): { readonly message?: string } {
  try {
    const message = readTail(folder.startLogPath, 2048).trim();
    return message === '' ? {} : { message };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    throw error;
  }
}

function readTail(path: string, bytes: number): string {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(fd);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A torn line.
  }
}
