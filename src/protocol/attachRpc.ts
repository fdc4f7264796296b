import * as z from 'zod';
import { noteText } from '../domain/session/notes';
import { verdict } from './hostCommands';
import { sessionSecrets } from './sessionSecrets';
import { sessionId } from './sessionSpec';

/**
 * JSON-RPC between a client and `ttt-discover attach` over standard input and output, with Content-Length framing
 * (`vscode-jsonrpc`). Before the first frame the attach process prints `\n@@NONCE@@\n`, NONCE being the argument of
 * `--nonce`; the client drops all that comes before it (login shells print things).
 *
 * requests (client → host): initialize, pause, resume, stop, note, removeNotes, provideSecrets, readCandidate, readState,
 * readArtifact, ping
 * notifications (client → host): ack; (host → client): entries, verdict
 */
export const attachProtocolVersion = 1;

/** All versions that this program speaks, as a client and as a host. */
export const attachProtocols: readonly number[] = [attachProtocolVersion];

/** The newest version that both speak; `undefined` if there is none. */
export function commonProtocol(theirs: readonly number[]): number | undefined {
  const both = attachProtocols.filter((version) => theirs.includes(version));
  return both.length === 0 ? undefined : Math.max(...both);
}

/** `data` of the error with which a host refuses `initialize` where there is no common version. */
export const protocolMismatch = z.object({
  protocols: z.array(z.int()).min(1),
  runnerVersion: z.string(),
  advice: z.string(),
});
export type ProtocolMismatch = z.infer<typeof protocolMismatch>;

export const initializeParams = z.object({
  /** All that the client speaks; the host chooses the newest that it speaks too. */
  protocols: z.array(z.int()).min(1),
  sessionId,
  /** First sequence number wanted; `entries` follow from there, then live. */
  from: z.int().min(1),
});
export type InitializeParams = z.infer<typeof initializeParams>;

export const initializeResult = z.object({
  protocol: z.int(),
  runnerVersion: z.string(),
  lastSeq: z.int().min(0),
  verdict,
  /** Wall clock of the host at the answer, Unix milliseconds. */
  nowMs: z.number(),
});
export type InitializeResult = z.infer<typeof initializeResult>;

/** What an answer to `initialize` says in every version of the protocol. */
export const initializeHead = z.looseObject({ protocol: z.int(), runnerVersion: z.string() });

/** Journal lines as parsed JSON, contiguous; each is to be read with `parseJournalValue`. */
export const entriesParams = z.object({ entries: z.array(z.unknown()), bytes: z.int().min(0) });
export type EntriesParams = z.infer<typeof entriesParams>;

/** The client has applied everything up to `seq`. The host keeps at most `creditBytes` unacknowledged. */
export const ackParams = z.object({ seq: z.int().min(0) });
export type AckParams = z.infer<typeof ackParams>;
export const creditBytes = 1024 * 1024;

export const verdictParams = z.object({ verdict, nowMs: z.number() });
export type VerdictParams = z.infer<typeof verdictParams>;

/** `afterStep` lets the step in work be done first; otherwise running evaluations end and no new ones begin. */
export const pauseParams = z.object({ afterStep: z.boolean().optional() });
export type PauseParams = z.infer<typeof pauseParams>;

/** `now` kills running evaluations; otherwise the step in work is finished first. */
export const stopParams = z.object({ now: z.boolean() });
export type StopParams = z.infer<typeof stopParams>;

/** Steers the prompts of the steps that begin from here on; a runner that does not know the request refuses it. */
export const noteParams = z.object({ text: noteText });
export type NoteParams = z.infer<typeof noteParams>;

/**
 * Goes on after a pause, or starts the session's process again. With secrets these are handed over first: a process that is
 * started again has none.
 */
export const resumeParams = z.object({ secrets: sessionSecrets.optional() });
export type ResumeParams = z.infer<typeof resumeParams>;

/**
 * Hands secrets to the session's live process, which keeps them in memory; what is absent stays as it was. A session that
 * paused for want of them goes on with `resume`.
 */
export const provideSecretsParams = z.object({ secrets: sessionSecrets });
export type ProvideSecretsParams = z.infer<typeof provideSecretsParams>;

export const readBlobParams = z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });
export type ReadBlobParams = z.infer<typeof readBlobParams>;
export const readBlobResult = z.object({ text: z.string() });
export type ReadBlobResult = z.infer<typeof readBlobResult>;

/** Larger artifacts stay on their host: an answer is one message, and what follows waits behind it. */
export const mostArtifactBytes = 2 * 1024 ** 2;

export const methodNames = {
  initialize: 'initialize',
  pause: 'pause',
  resume: 'resume',
  stop: 'stop',
  note: 'note',
  removeNotes: 'removeNotes',
  provideSecrets: 'provideSecrets',
  readCandidate: 'readCandidate',
  readState: 'readState',
  readArtifact: 'readArtifact',
  ping: 'ping',
  ack: 'ack',
  entries: 'entries',
  verdict: 'verdict',
} as const;
