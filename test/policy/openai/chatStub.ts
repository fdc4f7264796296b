import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';

const chatBody = z.looseObject({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
  stream: z.boolean().optional(),
});

export interface ChatCall {
  /** From 0. */
  readonly index: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: z.infer<typeof chatBody>;
  /** The client gave up before the answer's end. */
  readonly left: Promise<void>;
}

export type Reply = (response: ServerResponse, call: ChatCall) => void;

/** A chat endpoint on a loopback port; `answer` says what each call gets. */
export class ChatStub {
  readonly calls: ChatCall[] = [];
  /** Most calls that were open at once. */
  busiest = 0;
  models: readonly string[] | undefined = ['stub-model'];
  #open = 0;

  private constructor(
    private readonly server: Server,
    readonly baseUrl: string,
  ) {}

  static async start(answer: (call: ChatCall) => Reply | Promise<Reply>): Promise<ChatStub> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const stub = new ChatStub(server, `http://127.0.0.1:${port}/v1`);
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (request.url === '/v1/models' && stub.models !== undefined) {
          whole({ object: 'list', data: stub.models.map((id) => ({ id, object: 'model' })) })(
            response,
            never,
          );
        } else if (request.url === '/v1/chat/completions') {
          const body = chatBody.parse(JSON.parse(Buffer.concat(chunks).toString()));
          stub.#open += 1;
          stub.busiest = Math.max(stub.busiest, stub.#open);
          const left = new Promise<void>((resolve) => {
            response.on('close', () => {
              stub.#open -= 1;
              if (!response.writableFinished) resolve();
            });
          });
          const call = { index: stub.calls.length, headers: request.headers, body, left };
          stub.calls.push(call);
          void Promise.resolve(answer(call)).then((reply) => {
            reply(response, call);
          });
        } else refuse(404, { message: 'no such page' })(response, never);
      });
    });
    return stub;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

const never: ChatCall = {
  index: -1,
  headers: {},
  body: { model: '', messages: [] },
  left: new Promise(() => undefined),
};

function whole(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

/** An error as OpenAI's API words it. */
export function refuse(
  status: number,
  error: Readonly<Record<string, unknown>>,
  headers?: Readonly<Record<string, string>>,
): Reply {
  return whole({ error }, status, headers);
}

export const usage = { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 };

export interface Saying {
  readonly finish?: string;
  readonly refusal?: string;
}

/** A complete answer, in one piece or as a stream, as the call asks for. */
export function say(content: string, { finish = 'stop', refusal }: Saying = {}): Reply {
  return (response, call) => {
    if (call.body.stream !== true) {
      sayWhole(content, finish, refusal)(response, call);
      return;
    }
    const half = Math.floor(content.length / 2);
    const withUsage = call.body['stream_options'] !== undefined;
    stream(
      { choices: [{ delta: { role: 'assistant', content: content.slice(0, half) } }] },
      { choices: [{ delta: { content: content.slice(half), ...(refusal && { refusal }) } }] },
      { choices: [{ delta: {}, finish_reason: finish }] },
      ...(withUsage ? [{ choices: [], usage }] : []),
    )(response, call);
  };
}

/** One piece, whatever was asked for. */
export function sayWhole(content: string, finish = 'stop', refusal?: string): Reply {
  return whole({
    choices: [
      { index: 0, message: { role: 'assistant', content, refusal: refusal ?? null }, finish_reason: finish },
    ],
    usage,
  });
}

export function stream(...chunks: readonly unknown[]): Reply {
  return (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    response.end('data: [DONE]\n\n');
  };
}

export function raw(body: string, contentType: string, status = 200): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': contentType });
    response.end(body);
  };
}

/** Begins a stream and then cuts the connection. */
export const breakOff: Reply = (response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write('data: {"choices":[{"delta":{"content":"```python\\nx = 1"}}]}\n\n', () => {
    response.destroy();
  });
};

export const hangUp: Reply = (response) => {
  response.destroy();
};

export const silence: Reply = () => undefined;
