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
  initializeParams,
  methodNames,
  type InitializeResult,
  type ProtocolMismatch,
} from '../../protocol/attachRpc';
import { requestSession, type SessionRequest } from '../host/requestSession';
import type { SessionFolder } from '../host/sessionFolder';
import { listingOf } from '../host/sessionListing';
import { runnerVersion } from '../version';
import { answersOn } from './answers';
import { ClientSilence } from './clientSilence';
import { JournalSender } from './journalSender';
import { answerBlobReads, answerSessionRequests } from './sessionAnswers';

export interface AttachOptions {
  readonly root: string;
  readonly bundlePath: string;
  readonly folder: SessionFolder;
  readonly input: Readable;
  readonly output: Writable;
  readonly log: (message: string) => void;
}

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
    attachment.sending,
    new Promise((resolve) => {
      grace = setTimeout(resolve, endGraceMs);
    }),
  ]);
  clearTimeout(grace);
  connection.dispose();
}

/** One client, from its first word to its last. */
class Attachment {
  sending: Promise<void> = Promise.resolve();
  readonly #connection: MessageConnection;
  readonly #options: AttachOptions;
  readonly #ended: AbortController;
  #sender: JournalSender | undefined;
  #silence: ClientSilence | undefined;

  constructor(connection: MessageConnection, options: AttachOptions, ended: AbortController) {
    this.#connection = connection;
    this.#options = options;
    this.#ended = ended;
  }

  listen(): void {
    const connection = this.#connection;
    const { folder, input, output, log } = this.#options;
    const answer = answersOn(connection, () => this.#silence?.heard());
    answer(methodNames.initialize, initializeParams, (params) => this.#initialize(params));
    answer(methodNames.ping, z.unknown(), () => Promise.resolve({}));
    answerSessionRequests(answer, (request) => this.#ask(request));
    answerBlobReads(answer, folder);
    connection.onNotification(methodNames.ack, (params: unknown) => {
      this.#silence?.heard();
      const parsed = ackParams.safeParse(params);
      if (parsed.success) this.#sender?.acknowledged(parsed.data.seq);
      else log(`ack was not understood: ${z.prettifyError(parsed.error)}`);
    });
    const end = (): void => {
      this.#end();
    };
    connection.onClose(end);
    connection.onError(end);
    input.once('end', end);
    input.once('close', end);
    output.once('error', end);
    connection.listen();
    this.#silence = new ClientSilence(silenceMs, () => {
      log(`The client was silent for ${silenceMs / 1000} s.`);
      this.#end();
    });
  }

  async #initialize(params: z.infer<typeof initializeParams>): Promise<InitializeResult> {
    const { folder, log } = this.#options;
    const protocol = commonProtocol(params.protocols);
    if (protocol === undefined) throw noCommonProtocol(params.protocols);
    if (params.sessionId !== folder.sessionId || this.#sender !== undefined) {
      throw new ResponseError(
        ErrorCodes.InvalidRequest,
        `This process is attached to ${folder.sessionId}, once.`,
      );
    }
    const listing = await listingOf(folder);
    if (listing === undefined) throw new Error(`Session ${folder.sessionId} was removed.`);
    const { lastSeq, verdict } = listing;
    this.#sender = new JournalSender({
      ...{ connection: this.#connection, folder, from: params.from, told: verdict },
      ...{ signal: this.#ended.signal, log },
    });
    this.sending = this.#sender.run().catch((error: unknown) => {
      log(`Following the journal failed: ${String(error)}`);
      this.#end();
    });
    return { protocol, runnerVersion, lastSeq, verdict, nowMs: Date.now() };
  }

  async #ask(request: SessionRequest): Promise<void> {
    const { folder, root, bundlePath } = this.#options;
    await requestSession(folder, { root, bundlePath }, request);
    this.#sender?.lookAtProcess();
  }

  #end(): void {
    this.#silence?.stop();
    this.#ended.abort();
  }
}

function noCommonProtocol(theirs: readonly number[]): ResponseError<ProtocolMismatch> {
  const message = `This runner speaks version ${attachProtocols.join(', ')} of the protocol, the client ${theirs.join(', ')}.`;
  return new ResponseError(ErrorCodes.InvalidParams, message, {
    protocols: [...attachProtocols],
    runnerVersion,
    advice: 'Update the older of the two.',
  });
}
