import { randomBytes, timingSafeEqual, createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { makeOwnFolderInSharedPlace } from './privateFiles';

export interface ModelLinkSetup {
  /** A socket here is where editors offer connections. */
  readonly socketPath: string;
  /** The configured address of the model server, for its path and for words. */
  readonly server: string;
  /** Without an editor for so long, the session does not wait in silence any more. */
  readonly patienceMs?: number;
  readonly log: (message: string, error?: unknown) => void;
}

/** No editor that reaches the model server is there. A client removes this by itself. */
export class EditorAwayError extends Error {
  override readonly name = 'EditorAwayError';
  readonly code = 'needs-endpoint';
  readonly advice =
    'Open the session in the editor on the machine that reaches the server: it goes on by itself then.';
  constructor(server: string, options?: ErrorOptions) {
    super(
      `The model server ${server} is reached from the editor (policy.reachedFrom), and no editor is attached to this session.`,
      options,
    );
  }
}

const usualPatienceMs = 15_000;
const lookIntervalMs = 5_000;
/** Tells the editor where its own key belongs. */
const keyPlaceHeader = 'ttt-discover-key-in';
const keyHeaders = ['authorization', 'x-api-key'];
const connectionHeaders = ['connection', 'keep-alive'];

/**
 * The session's end of the way to a model server that only the editor's machine reaches. Editors connect to a socket that no other
 * user can, and wait on it for requests. The session's own clients ask a loopback port, which this process holds for as long as
 * it lives and which answers nobody without a key of 256 random bits; that key never leaves the process, and goes no further than here.
 */
export class ModelLink {
  readonly #setup: ModelLinkSetup;
  readonly #idle = new Set<Socket>();
  readonly #open = new Set<Socket>();
  /** Who waits for a connection of an editor. */
  readonly #waiting = new Set<() => void>();
  readonly #watches = new Set<() => void>();
  // Tinker's clients take no key of another form.
  readonly #key = `tml-${randomBytes(32).toString('base64url')}`;
  readonly #http = createServer({ requestTimeout: 0 }, (request, response) => {
    void this.#answer(request, response);
  });
  #sockets: Server | undefined;
  #look: NodeJS.Timeout | undefined;
  #port = 0;

  /** Rejects with `UnsafePathError`. */
  static async open(setup: ModelLinkSetup): Promise<ModelLink> {
    const link = new ModelLink(setup);
    await link.#listen();
    return link;
  }

  private constructor(setup: ModelLinkSetup) {
    this.#setup = setup;
  }

  /** An editor is there. */
  get isAttached(): boolean {
    return this.#open.size > 0;
  }

  /** For the session's own clients. */
  get endpoint(): { readonly url: string; key(): Promise<string> } {
    const path = new URL(this.#setup.server).pathname.replace(/\/+$/, '');
    return { url: `http://127.0.0.1:${this.#port}${path}`, key: () => Promise.resolve(this.#key) };
  }

  get away(): EditorAwayError {
    return new EditorAwayError(this.#setup.server);
  }

  /** Waits for an editor. Rejects with `EditorAwayError` if none comes soon, and with the signal's reason. */
  async attached(signal: AbortSignal): Promise<void> {
    const watch = this.watch();
    const either = AbortSignal.any([signal, watch.gone]);
    try {
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (!this.isAttached) return;
          this.#waiting.delete(look);
          resolve();
        };
        const giveUp = (): void => {
          this.#waiting.delete(look);
          reject(signal.aborted ? reasonOf(signal) : this.away);
        };
        if (either.aborted) giveUp();
        either.addEventListener('abort', giveUp, { once: true });
        this.#waiting.add(look);
        look();
      });
    } finally {
      watch.end();
    }
  }

  /** `gone` aborts when for a while no editor was there. */
  watch(): { readonly gone: AbortSignal; end(): void } {
    const { patienceMs = usualPatienceMs } = this.#setup;
    const gone = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const look = (): void => {
      if (this.isAttached) {
        clearTimeout(timer);
        timer = undefined;
      } else timer ??= setTimeout(() => gone.abort(), patienceMs);
    };
    this.#watches.add(look);
    look();
    return {
      gone: gone.signal,
      end: () => {
        this.#watches.delete(look);
        clearTimeout(timer);
      },
    };
  }

  async close(): Promise<void> {
    clearInterval(this.#look);
    for (const socket of this.#open) socket.destroy();
    this.#http.closeAllConnections();
    await Promise.all([closed(this.#http), this.#sockets === undefined ? undefined : closed(this.#sockets)]);
    rmSync(this.#setup.socketPath, { force: true });
  }

  async #listen(): Promise<void> {
    await this.#listenForEditors();
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    const address = this.#http.address();
    if (address === null || typeof address === 'string') throw new Error('The model link has no port.');
    this.#port = address.port;
    // Where something cleans up /tmp, the socket is made again.
    this.#look = setInterval(() => {
      if (existsSync(this.#setup.socketPath)) return;
      this.#sockets?.close();
      this.#listenForEditors().catch((error: unknown) => {
        this.#setup.log(`${this.#setup.socketPath} could not be made again`, error);
      });
    }, lookIntervalMs);
    this.#look.unref();
  }

  async #listenForEditors(): Promise<void> {
    const { socketPath } = this.#setup;
    makeOwnFolderInSharedPlace(dirname(socketPath));
    // Left by a runner that was killed: this process owns the session now.
    rmSync(socketPath, { force: true });
    const server = createSocketServer((socket) => {
      this.#adopt(socket);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socketPath, resolve);
    });
    this.#sockets = server;
  }

  #adopt(socket: Socket): void {
    this.#open.add(socket);
    this.#idle.add(socket);
    const drop = (): void => {
      this.#idle.delete(socket);
    };
    socket.on('error', drop);
    // It waits for a request: what it says or ends before, it is of no use.
    socket.on('end', drop);
    // What it says unasked is no answer to what it will be asked.
    socket.resume();
    socket.once('close', () => {
      drop();
      this.#open.delete(socket);
      this.#changed();
    });
    this.#changed();
  }

  #changed(): void {
    for (const look of [...this.#watches, ...this.#waiting]) look();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const place = this.#keyPlace(request);
    const { origin, host } = request.headers;
    if (place === undefined || origin !== undefined || host !== `127.0.0.1:${this.#port}`) {
      refuse(request, response, 401, 'This port belongs to a session, and the key is not its own.');
      return;
    }
    const left = new AbortController();
    response.once('close', () => left.abort());
    const socket = await this.#take(left.signal);
    if (socket === undefined) return;
    const onward = httpRequest({
      createConnection: () => socket,
      method: request.method,
      path: request.url,
      headers: { ...without(request.headers, keyHeaders), [keyPlaceHeader]: place, connection: 'close' },
    });
    left.signal.addEventListener('abort', () => onward.destroy(), { once: true });
    const breakOff = (): void => {
      // As a server whose connection broke: the client asks again.
      response.destroy();
      request.destroy();
    };
    onward.on('error', breakOff);
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, without(answer.headers, connectionHeaders));
      response.flushHeaders();
      answer.once('error', breakOff);
      answer.pipe(response);
    });
    request.pipe(onward);
  }

  /** A connection to an editor, as soon as there is one; `undefined` when it is not wanted any more. */
  #take(unwanted: AbortSignal): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const look = (): void => {
        const [socket] = this.#idle;
        if (socket === undefined && !unwanted.aborted) return;
        this.#waiting.delete(look);
        unwanted.removeEventListener('abort', look);
        if (unwanted.aborted) resolve(undefined);
        else {
          if (socket !== undefined) this.#idle.delete(socket);
          resolve(socket);
        }
      };
      this.#waiting.add(look);
      unwanted.addEventListener('abort', look, { once: true });
      look();
    });
  }

  /** The header that has the key; takes as long for a wrong key as for the right one. */
  #keyPlace({ headers }: IncomingMessage): 'authorization' | 'x-api-key' | undefined {
    const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (this.#isKey(bearer)) return 'authorization';
    const plain = headers['x-api-key'];
    return this.#isKey(typeof plain === 'string' ? plain : undefined) ? 'x-api-key' : undefined;
  }

  #isKey(given: string | undefined): boolean {
    return timingSafeEqual(digestOf(given ?? ''), digestOf(this.#key));
  }
}

function without(headers: IncomingHttpHeaders, names: readonly string[]): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function refuse(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  const body = JSON.stringify({ error: { message, type: 'authentication_error' }, detail: message });
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(body);
  request.resume();
}

function reasonOf(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason));
}

function closed(server: { close(done: () => void): unknown }): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
