import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { answerChat, sendError, sendJson } from './answerChat';
import type { BearerKeys, Grant } from './bearerKeys';
import { chatErrorOf, modelNotFound, type ChatError } from './chatErrors';
import { longestRequestBytes, readChatRequest } from './chatRequest';
import { findModel, type EditorModels } from './models';
import { t } from '../base/translate';
import { jsonOrUndefined } from '../../domain/json';

export interface ChatEndpointPorts {
  readonly models: EditorModels;
  readonly keys: BearerKeys;
  readonly nowMs: () => number;
  readonly log: (message: string, error?: unknown) => void;
  /** See `answerChat`. */
  readonly silenceMs?: number;
}

export interface ChatEndpoint {
  /** Base address, for example `http://127.0.0.1:34567/v1`. */
  readonly url: string;
  /** Ends the answers that are under way. */
  close(): Promise<void>;
}

const usualSilenceMs = 15_000;
const slowestRequestMs = 60_000;

/**
 * Serves the editor's language models as an OpenAI-compatible chat endpoint to programs of this machine that have a key:
 * `POST /v1/chat/completions` and `GET /v1/models`, on 127.0.0.1 at a port that the system chooses. Web pages are refused, whatever
 * they know: a request with an `Origin`, or for another host name than the address itself, is none of ours.
 */
export async function openChatEndpoint(ports: ChatEndpointPorts): Promise<ChatEndpoint> {
  const server = createServer(
    { requestTimeout: slowestRequestMs, headersTimeout: 10_000, maxHeaderSize: 16_384 },
    (request, response) => {
      handle(request, response, ports).catch((error: unknown) => {
        ports.log('A request for a language model failed', error);
        if (response.headersSent) response.destroy();
        else sendError(response, chatErrorOf(error, 'of the editor'));
      });
    },
  );
  await listen(server);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The chat endpoint has no port.');
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, resolve);
  });
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  ports: ChatEndpointPorts,
): Promise<void> {
  const grant = ports.keys.check(request.headers.authorization);
  const { origin, host } = request.headers;
  const ownHost = `127.0.0.1:${request.socket.localPort ?? 0}`;
  if (grant === undefined || origin !== undefined || host !== ownHost) {
    refuse(request, response, {
      status: 401,
      type: 'authentication_error',
      code: 'invalid_api_key',
      message: 'The key is not one of a session that this editor serves now.',
    });
    return;
  }
  switch (`${request.method ?? ''} ${request.url ?? ''}`) {
    case 'GET /v1/models':
      await listModels(response, ports);
      return;
    case 'POST /v1/chat/completions':
      await chat(request, response, grant, ports);
      return;
    default:
      refuse(request, response, {
        status: 404,
        type: 'invalid_request_error',
        code: 'unknown_url',
        message: 'There are POST /v1/chat/completions and GET /v1/models here, and nothing else.',
      });
  }
}

/** Answers without reading what is still to come. */
function refuse(request: IncomingMessage, response: ServerResponse, error: ChatError): void {
  response.setHeader('connection', 'close');
  sendError(response, error);
  request.resume();
}

async function listModels(response: ServerResponse, ports: ChatEndpointPorts): Promise<void> {
  const models = await ports.models.all();
  sendJson(response, 200, {
    object: 'list',
    data: models.map(({ name, vendor }) => ({ id: name, object: 'model', created: 0, owned_by: vendor })),
  });
}

async function chat(
  request: IncomingMessage,
  response: ServerResponse,
  grant: Grant,
  ports: ChatEndpointPorts,
): Promise<void> {
  const wrong = (status: number, message: string, parameter = ''): void =>
    refuse(request, response, {
      status,
      type: 'invalid_request_error',
      code: 'invalid_request',
      message,
      parameter,
    });
  const text = await readBody(request);
  if (text === undefined) {
    wrong(413, `The request is longer than ${longestRequestBytes} bytes.`);
    return;
  }
  const read = readChatRequest(jsonOrUndefined(text));
  if (read.kind === 'wrong') {
    wrong(400, read.message, read.parameter);
    return;
  }
  const model = findModel(await ports.models.all(), read.request.model);
  if (model === undefined) {
    sendError(response, modelNotFound(read.request.model));
    return;
  }
  if (model.name !== grant.modelName) {
    sendError(response, {
      status: 403,
      type: 'permission_error',
      code: 'other_model',
      message: `The key of this session is for ${grant.modelName}, not for ${model.name}.`,
    });
    return;
  }
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  await answerChat(response, {
    model,
    request: read.request,
    justification: justificationFor(grant.title),
    signal: gone.signal,
    id: `chatcmpl-${randomUUID()}`,
    createdAtMs: ports.nowMs(),
    silenceMs: ports.silenceMs ?? usualSilenceMs,
    log: ports.log,
  });
}

export function justificationFor(title: string): string {
  return t('TTT-Discover asks this model for candidate programs for "{0}" while the session runs.', title);
}

/** Undefined if it is too long; the rest is then left unread, so that the refusal can still be sent. */
function readBody(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let bytes = 0;
    request.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes > longestRequestBytes) resolve(undefined);
      else parts.push(part);
    });
    request.once('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    request.once('error', reject);
  });
}
