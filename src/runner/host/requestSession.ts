import { parseJournalValue } from '../../protocol/journalEntry';
import type { SessionSecrets } from '../../protocol/sessionSecrets';
import { readJournal } from '../journal/journalReader';
import { SessionOverError } from '../loop/ports';
import { ControlClient, RequestRefusedError } from './controlClient';
import type { SessionFolder } from './sessionFolder';
import { recordedEnd, verdictOf } from './sessionListing';
import { startDetached, type ReadyMessage } from './startDetached';

export type SessionRequest =
  | { readonly request: 'pause'; readonly afterStep?: boolean }
  | { readonly request: 'resume'; readonly secrets?: SessionSecrets | undefined }
  | { readonly request: 'provide-secrets'; readonly secrets: SessionSecrets }
  | { readonly request: 'stop'; readonly now: boolean }
  | { readonly request: 'note'; readonly text: string }
  | { readonly request: 'remove-notes' };

/** The session's process could not be started. */
export class StartFailedError extends Error {
  override readonly name = 'StartFailedError';
  readonly code: string;
  readonly exitCode: number;
  readonly advice: string | undefined;
  constructor(failure: Extract<ReadyMessage, { kind: 'failed' }>) {
    super(failure.message);
    this.code = failure.code;
    this.exitCode = failure.exitCode;
    this.advice = failure.advice;
  }
}

/**
 * Asks a session for something, whether or not its process runs: `resume` starts it again, and so does `stop`, to end the
 * session in its journal. Secrets that come with `resume` are handed over before it goes on. A session that is over is stopped
 * already. Rejects with `RequestRefusedError`,
 * `SessionOverError`, `StartFailedError`.
 */
export async function requestSession(
  folder: SessionFolder,
  place: { readonly root: string; readonly bundlePath: string },
  request: SessionRequest,
): Promise<void> {
  const verdict = verdictOf(folder);
  if (verdict.state === 'live') return askRunner(folder, request);
  if (recordedEnd(folder) !== undefined) {
    // A runner that was killed while it ended may not have written the journal's last entry; the next one does.
    if (await endsInJournal(folder)) {
      if (request.request === 'stop') return;
      throw new SessionOverError();
    }
  }
  if (verdict.state === 'unverifiable') throw new RequestRefusedError(verdict.message, verdict.advice);
  if (request.request === 'pause') {
    const advice = 'Resume it, or leave it as it is: it does nothing now.';
    throw new RequestRefusedError(
      'The session has no running process, so there is nothing to pause.',
      advice,
    );
  }
  if (request.request === 'provide-secrets') {
    throw new RequestRefusedError(
      'The session has no running process that could hold a key in memory.',
      'Resume it, and give the key with that.',
    );
  }
  if (request.request === 'note' || request.request === 'remove-notes') {
    throw new RequestRefusedError(
      'The session has no running process that could take a note.',
      'Resume it, and then say it again.',
    );
  }
  const secrets = request.request === 'resume' ? request.secrets : undefined;
  const message = await startDetached(folder, { ...place, secrets, thenStop: request.request === 'stop' });
  if (message.kind === 'failed') throw new StartFailedError(message);
  // Another client was faster with the same wish, or with another: its process answers.
  if (message.kind === 'already-running') await askRunner(folder, request);
}

async function askRunner(folder: SessionFolder, request: SessionRequest): Promise<void> {
  let client: ControlClient;
  try {
    client = await ControlClient.open(folder.socketPath);
  } catch (error) {
    throw new RequestRefusedError(
      `The session's process does not listen (${error instanceof Error ? error.message : String(error)}).`,
      'It may be just starting or ending: look at its status, then try again.',
    );
  }
  try {
    if (request.request === 'resume') {
      const { secrets } = request;
      if (secrets !== undefined) await client.request({ request: 'provide-secrets', secrets });
      await client.request({ request: 'resume' });
    } else await client.request(request);
  } finally {
    client.close();
  }
}

async function endsInJournal(folder: SessionFolder): Promise<boolean> {
  const { lines } = await readJournal(folder.journalPath);
  const last = parseJournalValue(lines.at(-1)?.value);
  if (last.kind !== 'entry') return false;
  return last.entry.event.type === 'session.finished' || last.entry.event.type === 'session.failed';
}
