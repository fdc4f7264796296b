import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import * as z from 'zod';
import { sessionEvent } from '../../domain/session/events';
import { parseJournalValue } from '../../protocol/journalEntry';
import type { SessionListing, Verdict } from '../../protocol/hostCommands';
import { errorCode } from '../journal/diskFullError';
import { JournalReader, readJournal } from '../journal/journalReader';
import { listSegments, segmentPath } from '../journal/segments';
import type { FinalEvent } from '../loop/ports';
import { runnerVersion } from '../version';
import { readJsonFile, writeJsonFile } from './privateFiles';
import { elsewhereWords, fateOfOwner, lastOwner, type Owner } from './ownership';
import { processEndOf, wasShortOfMemory } from './processEnd';
import { readSpecHead, type SessionFolder } from './sessionFolder';
import { jsonOrUndefined } from '../../domain/json';

const exitRecord = z.object({ version: z.literal(1), atMs: z.number(), event: sessionEvent });

/** Says durably how the session ends; written before the journal's last entry. */
export function recordEnd(folder: SessionFolder, event: FinalEvent, atMs: number): void {
  writeJsonFile(folder.exitPath, { version: 1, atMs, event });
}

export function recordedEnd(folder: SessionFolder): FinalEvent | undefined {
  const event = readJsonFile(folder.exitPath, exitRecord)?.event;
  return event?.type === 'session.finished' || event?.type === 'session.failed' ? event : undefined;
}

/** What is known of the session's process, from what it has left behind. Nothing here is decided by a clock. */
export function verdictOf(folder: SessionFolder): Verdict {
  try {
    return readVerdict(folder);
  } catch (error) {
    if (!isNotUnderstood(error)) throw error;
    return {
      state: 'unverifiable',
      message: `Its records on the host are not understood by runner ${runnerVersion}: what its process does is not known.`,
      advice:
        'A newer version may have made them: update the extension. What its journal says can be followed.',
    };
  }
}

function readVerdict(folder: SessionFolder): Verdict {
  const owner = lastOwner(folder);
  const fate = owner === undefined ? undefined : fateOfOwner(folder, owner);
  if (owner !== undefined && fate === 'alive') return { state: 'live', pid: owner.process.pid };
  const end = recordedEnd(folder);
  if (end?.type === 'session.finished') return { state: 'exited', reason: 'finished' };
  if (end?.type === 'session.failed') return { state: 'exited', reason: 'failed', message: end.message };
  if (owner === undefined) return { state: 'exited', reason: 'never-started', ...startLogTail(folder, 0) };
  if (fate === 'elsewhere') {
    return { state: 'unverifiable', hostName: owner.hostName, ...elsewhereWords(folder, owner) };
  }
  return { state: 'exited', ...lossOf(folder, owner, fate === 'rebooted') };
}

/** How a session's process went that did not end the session. Its own last words count most, then what can be proven. */
function lossOf(
  folder: SessionFolder,
  { run, startLogBytes }: Owner,
  isRebooted: boolean,
): Omit<Extract<Verdict, { state: 'exited' }>, 'state'> {
  const end = processEndOf(folder, run);
  if (end?.reason === 'disk-full' || end?.reason === 'error') {
    const reason = end.reason === 'error' ? 'runner-lost' : end.reason;
    return { reason, ...(end.message === undefined ? {} : { message: end.message }) };
  }
  // A shutdown asks processes to end before it takes the machine down.
  if (isRebooted) return { reason: 'host-rebooted' };
  if (end?.reason === 'left') return { reason: 'runner-lost', message: 'it was asked to end (SIGTERM).' };
  const said = startLogTail(folder, startLogBytes ?? 0);
  return { reason: wasShortOfMemory(folder, run) ? 'out-of-memory' : 'runner-lost', ...said };
}

/** A record that another version wrote, or a torn one. */
function isNotUnderstood(error: unknown): boolean {
  return error instanceof z.ZodError || error instanceof SyntaxError;
}

/** `undefined` if there is no such session. One that another version made is listed with what can be read of it. */
export async function listingOf(folder: SessionFolder): Promise<SessionListing | undefined> {
  const displayPath = displayPathOf(folder);
  if (displayPath === undefined) return undefined;
  const { title, createdAtMs } = await beginningOf(folder, displayPath);
  // Before the last number: what a process that is gone has written is then all counted.
  const verdict = verdictOf(folder);
  return {
    sessionId: folder.sessionId,
    title,
    displayPath,
    ...(createdAtMs === undefined ? {} : { createdAtMs }),
    lastSeq: await lastSeqOf(folder.journalPath),
    verdict,
  };
}

function displayPathOf(folder: SessionFolder): string | undefined {
  try {
    return readSpecHead(folder)?.displayPath;
  } catch (error) {
    if (isNotUnderstood(error)) return folder.sessionId;
    throw error;
  }
}

async function beginningOf(
  folder: SessionFolder,
  displayPath: string,
): Promise<{ readonly title: string; readonly createdAtMs?: number }> {
  const reader = new JournalReader(folder.journalPath);
  try {
    const parsed = parseJournalValue((await reader.read(1))[0]?.value);
    if (parsed.kind !== 'entry' || parsed.entry.event.type !== 'session.created')
      return { title: displayPath };
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
    const seq = numbered.safeParse(jsonOrUndefined(line)).data?.seq;
    if (seq !== undefined) return seq;
  }
  return (await readJournal(journalPath)).lastSeq;
}

/** The last lines that the runner printed when it could not keep a journal; `from` is where its own begin, in bytes. */
function startLogTail(folder: SessionFolder, from: number): { readonly message?: string } {
  try {
    const message = readTail(folder.startLogPath, 2048, from).trim();
    return message === '' ? {} : { message };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return {};
    throw error;
  }
}

function readTail(path: string, bytes: number, from = 0): string {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.max(0, Math.min(bytes, size - from)));
    const read = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString('utf8', 0, read);
  } finally {
    closeSync(fd);
  }
}
