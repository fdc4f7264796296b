import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { carriedHeaders, keyPlaceHeader, withinBase } from './carriedRequest';

export interface ModelLinkNeeds {
  /** A new connection to where the session waits. Rejects where it does not wait now. */
  readonly connect: () => Promise<Duplex>;
  /** The one address that is asked, whatever the other side wants. */
  readonly server: string;
  /** The server's key, asked for each request. It stays on this machine. */
  readonly key: () => Promise<string | undefined>;
  /** The session can be served now; told again each time that was not so before. */
  readonly onReady: () => void;
  readonly log: (message: string) => void;
}

export interface ModelLink {
  /** The session can be served now. */
  readonly isReady: boolean;
  /** Ends the requests that are under way. */
  close(): void;
}

/** Connections that wait for a request. */
const spareConnections = 4;
/** More requests at once wait on the host. */
const mostConnections = 512;
const retryDelaysMs = [250, 500, 1_000, 2_000, 4_000, 8_000];

/**
 * Hands the requests of one session on to a model server that this machine reaches and the session's host does not. The
 * connections go from here to there and wait for requests; what comes over them can reach one server alone, below the path of
 * its address, with a key that the host never sees. Redirects are not followed.
 */
export function linkModel(needs: ModelLinkNeeds): ModelLink {
  const base = new URL(needs.server);
  const open = new Set<Duplex>();
  const idle = new Set<Duplex>();
  const closed = new AbortController();
  let filling = false;

  const server = createServer({ headersTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 });
  server.on('request', (request, response) => {
    idle.delete(request.socket);
    response.setHeader('connection', 'close');
    void fill();
    void handOn(request, response, base, needs);
  });
  // What is no HTTP ends its own connection.
  server.on('clientError', (_error, stream) => stream.destroy());

  const fill = async (): Promise<void> => {
    if (filling) return;
    filling = true;
    for (let failures = 0; isWanting();) {
      try {
        const stream = await needs.connect();
        failures = 0;
        const isFirst = open.size === 0;
        adopt(stream);
        if (isFirst && !closed.signal.aborted) needs.onReady();
      } catch (error) {
        if (failures === 0) needs.log(`No way to the session yet: ${String(error)}`);
        const waitMs = retryDelaysMs[Math.min(failures, retryDelaysMs.length - 1)] ?? 0;
        failures += 1;
        await delay(waitMs, undefined, { signal: closed.signal, ref: false }).catch(() => undefined);
      }
    }
    filling = false;
  };
  const isWanting = (): boolean =>
    !closed.signal.aborted && idle.size < spareConnections && open.size < mostConnections;

  const adopt = (stream: Duplex): void => {
    if (closed.signal.aborted) {
      stream.destroy();
      return;
    }
    open.add(stream);
    idle.add(stream);
    stream.on('error', () => undefined);
    stream.once('close', () => {
      open.delete(stream);
      idle.delete(stream);
      void fill();
    });
    server.emit('connection', stream);
  };

  void fill();
  return {
    get isReady() {
      return open.size > 0;
    },
    close() {
      closed.abort();
      for (const stream of open) stream.destroy();
    },
  };
}

async function handOn(
  request: IncomingMessage,
  response: ServerResponse,
  base: URL,
  { key, log }: Pick<ModelLinkNeeds, 'key' | 'log'>,
): Promise<void> {
  const path = withinBase(base, request.url ?? '');
  if (path === undefined) {
    refuse(request, response, 403, `Only ${base.href} is reached through this editor.`);
    return;
  }
  let ownKey: string | undefined;
  try {
    ownKey = await key();
  } catch (error) {
    log(`The key of ${base.origin} cannot be read: ${String(error)}`);
    refuse(request, response, 502, `The editor cannot read its key of ${base.origin}.`);
    return;
  }
  const send = base.protocol === 'https:' ? httpsRequest : httpRequest;
  const onward = send({
    protocol: base.protocol,
    hostname: base.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(base.port === '' ? {} : { port: base.port }),
    path,
    method: request.method,
    headers: { ...carriedHeaders(request.headers), ...keyHeader(request, ownKey), host: base.host },
  });
  // Whoever asked does not want the answer any more.
  response.once('close', () => onward.destroy());
  onward.on('error', (error) => {
    if (response.headersSent) response.destroy();
    else refuse(request, response, 502, `The editor cannot reach ${base.origin}: ${codeOf(error)}.`);
  });
  onward.on('response', (answer) => {
    const status = answer.statusCode ?? 502;
    if (status >= 300 && status < 400 && status !== 304) {
      onward.destroy();
      refuse(request, response, 502, `${base.origin} redirects elsewhere: write its final address.`);
      return;
    }
    response.writeHead(status, { ...carriedHeaders(answer.headers), connection: 'close' });
    // Else the first piece of a streamed answer would wait for the second.
    response.flushHeaders();
    answer.pipe(response);
    // An answer that breaks off must break off there too.
    answer.once('error', () => response.destroy());
  });
  request.once('error', () => onward.destroy());
  request.pipe(onward);
}

function keyHeader(request: IncomingMessage, key: string | undefined): Readonly<Record<string, string>> {
  if (key === undefined) return {};
  return request.headers[keyPlaceHeader] === 'x-api-key'
    ? { 'x-api-key': key }
    : { authorization: `Bearer ${key}` };
}

/** In the shape that clients of either kind of server read. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, message: string): void {
  request.resume();
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const body = JSON.stringify({ error: { message, type: 'server_error', code: 'editor' }, detail: message });
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
