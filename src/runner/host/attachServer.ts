import type { Readable, Writable } from 'node:stream';
import {
  createMessageConnection,
  ErrorCodes,
  ResponseError,
  StreamMessageReader,
  StreamMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import * as z from 'zod';
import {
  ackParams,
  attachProtocols,
  commonProtocol,
  creditBytes,
  initializeParams,
  methodNames,
  noteParams,
  pauseParams,
  provideSecretsParams,
  readBlobParams,
  resumeParams,
  stopParams,
  type EntriesParams,
  type InitializeResult,
  type ProtocolMismatch,
  type ReadBlobResult,
  type VerdictParams,
} from '../../protocol/attachRpc';
import type { Verdict } from '../../protocol/hostCommands';
import { createBlobStore } from '../journal/blobStore';
import { JournalFollower } from '../journal/journalFollower';
import { runnerVersion } from '../version';
import { ClientSilence } from './clientSilence';
import { ControlClient } from './controlClient';
import { requestSession, type SessionRequest } from './requestSession';
import type { SessionFolder } from './sessionFolder';
import { readArtifact } from './readArtifact';
import { listingOf, verdictOf } from './sessionListing';

export interface AttachOptions {
  readonly root: string;
  readonly bundlePath: string;
  readonly folder: SessionFolder;
  readonly input: Readable;
  readonly output: Writable;
  readonly log: (message: string) => void;
}

const batchBytes = 128 * 1024;
const lookIntervalMs = 1000;
/** A client that is silent for so long is gone, even if the connection does not say so: it pings far more often. */
const silenceMs = 60_000;
/** What was being sent when the client went may stay unsent for ever: a dead link takes nothing. */
const endGraceMs = 1000;

/**
 * Serves one client over JSON-RPC until its input ends or it is silent for a minute. Reads the session's files itself; the session
 * never waits for it.
 */
export async function serveAttach(options: AttachOptions): Promise<void> {
  const ended = new AbortController();
  const connection = createMessageConnection(
    new StreamMessageReader(options.input),
    new StreamMessageWriter(options.output),
  );
  const attachment = new Attachment(connection, options, ended);
  attachment.listen();
  await new Promise<void>((resolve) => {
    ended.signal.addEventListener('abort', () => {
      resolve();
    });
  });
  let grace: NodeJS.Timeout | undefined;
  await Promise.race([
    attachment.following,
    new Promise((resolve) => {
      grace = setTimeout(resolve, endGraceMs);
    }),
  ]);
  clearTimeout(grace);
  connection.dispose();
}

class Attachment {
  following: Promise<void> = Promise.resolve();
  readonly #connection: MessageConnection;
  readonly #options: AttachOptions;
  readonly #ended: AbortController;
  #follower: JournalFollower | undefined;
  #runner: ControlClient | undefined;
  #sent: { readonly seq: number; readonly bytes: number }[] = [];
  #unackedBytes = 0;
  #onAck: (() => void) | undefined;
  #toldVerdict = '';
  #newVerdict: Verdict | undefined;
  #newVerdictIsDue = false;
  #silence: ClientSilence | undefined;

  constructor(connection: MessageConnection, options: AttachOptions, ended: AbortController) {
    this.#connection = connection;
    this.#options = options;
    this.#ended = ended;
  }

  listen(): void {
    const connection = this.#connection;
    const { folder } = this.#options;
    this.#answer(methodNames.initialize, initializeParams, (params) => this.#initialize(params));
    this.#answer(methodNames.ping, z.unknown(), () => Promise.resolve({}));
    this.#answer(methodNames.pause, pauseParams, ({ afterStep = false }) =>
      this.#ask({ request: 'pause', afterStep }),
    );
    this.#answer(methodNames.resume, resumeParams, ({ secrets }) =>
      this.#ask({ request: 'resume', secrets }),
    );
    this.#answer(methodNames.provideSecrets, provideSecretsParams, ({ secrets }) =>
      this.#ask({ request: 'provide-secrets', secrets }),
    );
    this.#answer(methodNames.stop, stopParams, ({ now }) => this.#ask({ request: 'stop', now }));
    this.#answer(methodNames.note, noteParams, ({ text }) => this.#ask({ request: 'note', text }));
    this.#answer(methodNames.removeNotes, z.unknown(), () => this.#ask({ request: 'remove-notes' }));
    const candidates = createBlobStore(folder.candidatesPath);
    const states = createBlobStore(folder.statesPath);
    this.#answer(methodNames.readCandidate, readBlobParams, async ({ sha256 }): Promise<ReadBlobResult> => {
      return { text: await candidates.readText(sha256) };
    });
    this.#answer(methodNames.readState, readBlobParams, async ({ sha256 }): Promise<ReadBlobResult> => {
      return { text: await states.readText(sha256) };
    });
    const artifacts = createBlobStore(folder.blobsPath);
    this.#answer(methodNames.readArtifact, readBlobParams, async ({ sha256 }): Promise<ReadBlobResult> => {
      return { text: await readArtifact(artifacts, sha256) };
    });
    connection.onNotification(methodNames.ack, (params: unknown) => {
      this.#silence?.heard();
      const parsed = ackParams.safeParse(params);
      if (parsed.success) this.#acknowledged(parsed.data.seq);
      else this.#options.log(`ack was not understood: ${z.prettifyError(parsed.error)}`);
    });
    const end = (): void => {
      this.#end();
    };
    connection.onClose(end);
    connection.onError(end);
    this.#options.input.once('end', end);
    this.#options.input.once('close', end);
    this.#options.output.once('error', end);
    connection.listen();
    this.#silence = new ClientSilence(silenceMs, () => {
      this.#options.log(`The client was silent for ${silenceMs / 1000} s.`);
      this.#end();
    });
  }

  #answer<Params, Result>(
    method: string,
    schema: z.ZodType<Params>,
    act: (params: Params) => Promise<Result>,
  ): void {
    this.#connection.onRequest(method, async (params: unknown) => {
      this.#silence?.heard();
      const parsed = schema.safeParse(params);
      if (!parsed.success) return new ResponseError(ErrorCodes.InvalidParams, z.prettifyError(parsed.error));
      try {
        return await act(parsed.data);
      } catch (error) {
        return responseError(error);
      }
    });
  }

  async #initialize(params: z.infer<typeof initializeParams>): Promise<InitializeResult> {
    const { folder } = this.#options;
    const protocol = commonProtocol(params.protocols);
    if (protocol === undefined) {
      const message = `This runner speaks version ${attachProtocols.join(', ')} of the protocol, the client ${params.protocols.join(', ')}.`;
      const data: ProtocolMismatch = {
        protocols: [...attachProtocols],
        runnerVersion,
        advice: 'Update the older of the two.',
      };
      throw new ResponseError(ErrorCodes.InvalidParams, message, data);
    }
    if (params.sessionId !== folder.sessionId || this.#follower !== undefined) {
      throw new ResponseError(
        ErrorCodes.InvalidRequest,
        `This process is attached to ${folder.sessionId}, once.`,
      );
    }
    const listing = await listingOf(folder);
    if (listing === undefined) throw new Error(`Session ${folder.sessionId} was removed.`);
    const { lastSeq, verdict } = listing;
    this.#toldVerdict = JSON.stringify(verdict);
    const follower = new JournalFollower({
      folder: folder.journalPath,
      from: params.from,
      signal: this.#ended.signal,
      onSkipped: ({ segment, offset, reason }) => {
        this.#options.log(`Journal segment ${segment}, byte ${offset}: ${reason}; left out.`);
      },
    });
    this.#follower = follower;
    this.following = this.#follow(follower).catch((error: unknown) => {
      this.#options.log(`Following the journal failed: ${String(error)}`);
      this.#end();
    });
    return { protocol, runnerVersion, lastSeq, verdict, nowMs: Date.now() };
  }

  async #follow(follower: JournalFollower): Promise<void> {
    const look = setInterval(() => {
      this.#lookAtProcess(follower);
    }, lookIntervalMs);
    try {
      for await (const lines of follower.batches(batchBytes)) {
        if (lines.length > 0) {
          const bytes = lines.reduce((sum, line) => sum + line.bytes, 0);
          await this.#credit(bytes);
          if (this.#hasEnded()) return;
          this.#sent.push({ seq: lines.at(-1)?.seq ?? 0, bytes });
          this.#unackedBytes += bytes;
          const params: EntriesParams = { entries: lines.map((line) => line.value), bytes };
          await this.#connection.sendNotification(methodNames.entries, params);
        } else {
          await this.#tellVerdict(follower);
        }
      }
    } finally {
      clearInterval(look);
    }
  }

  /** Notes a changed verdict; it is told when all that was written before has been sent. */
  #lookAtProcess(follower: JournalFollower): void {
    const verdict = verdictOf(this.#options.folder);
    if (JSON.stringify(verdict) !== this.#toldVerdict) {
      this.#newVerdict = verdict;
      follower.poke();
    }
    if (verdict.state === 'live' && this.#runner === undefined) void this.#listenToRunner(follower);
  }

  async #tellVerdict(follower: JournalFollower): Promise<void> {
    const verdict = this.#newVerdict;
    if (verdict === undefined) return;
    if (!this.#newVerdictIsDue) {
      // The reading that just found nothing may have begun before the process wrote its last: look once more.
      this.#newVerdictIsDue = true;
      follower.poke();
      return;
    }
    this.#newVerdict = undefined;
    this.#newVerdictIsDue = false;
    this.#toldVerdict = JSON.stringify(verdict);
    const params: VerdictParams = { verdict, nowMs: Date.now() };
    await this.#connection.sendNotification(methodNames.verdict, params);
  }

  /** Hints of the runner make entries come at once. Without them watching and polling serve. */
  async #listenToRunner(follower: JournalFollower): Promise<void> {
    try {
      const runner = await ControlClient.open(
        this.#options.folder.socketPath,
        () => {
          follower.poke();
        },
        () => {
          this.#runner = undefined;
          if (!this.#hasEnded()) this.#lookAtProcess(follower);
        },
      );
      if (this.#hasEnded() || this.#runner !== undefined) runner.close();
      else this.#runner = runner;
    } catch (error) {
      this.#options.log(`The session's process does not listen yet: ${String(error)}`);
    }
  }

  async #ask(request: SessionRequest): Promise<Record<string, never>> {
    const { folder, root, bundlePath } = this.#options;
    await requestSession(folder, { root, bundlePath }, request);
    if (this.#follower !== undefined) this.#lookAtProcess(this.#follower);
    return {};
  }

  /** Waits until the client has room. One batch may always be under way, however large its only entry is. */
  async #credit(bytes: number): Promise<void> {
    while (this.#unackedBytes > 0 && this.#unackedBytes + bytes > creditBytes && !this.#hasEnded()) {
      await new Promise<void>((resolve) => {
        this.#onAck = resolve;
      });
    }
  }

  #acknowledged(seq: number): void {
    while (this.#sent[0] !== undefined && this.#sent[0].seq <= seq) {
      this.#unackedBytes -= this.#sent.shift()?.bytes ?? 0;
    }
    this.#onAck?.();
  }

  #hasEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  #end(): void {
    this.#silence?.stop();
    this.#ended.abort();
    this.#onAck?.();
    this.#runner?.close();
  }
}

const named = z.object({ name: z.string(), advice: z.string().optional() });

function responseError(error: unknown): ResponseError<unknown> {
  if (error instanceof ResponseError) return error;
  const { advice } = named.safeParse(error).data ?? {};
  const message = error instanceof Error ? error.message : String(error);
  return new ResponseError(ErrorCodes.UnknownErrorCode, message, advice === undefined ? {} : { advice });
}
