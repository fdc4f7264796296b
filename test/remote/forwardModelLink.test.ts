import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { dirname, join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withinBase } from '../../src/remote/forward/carriedRequest';
import { linkModel } from '../../src/remote/forward/modelLink';
import { ModelLink } from '../../src/runner/host/modelLink';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import { freePort } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { newSessionId, never } from './hostFixture';

const cleanups = cleanupsAfterEach();
const ownKey = 'sk-of-the-editor';

/** A server on the editor's side. */
async function modelServer(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function sessionEnd(server: string, patienceMs?: number) {
  const root = await mkdtemp(join(tmpdir(), 'ttt-root-'));
  const socketPath = sessionFolder(root, newSessionId()).modelSocketPath;
  const setup = { socketPath, server, log: () => undefined };
  const link = await ModelLink.open(patienceMs === undefined ? setup : { ...setup, patienceMs });
  cleanups.push(async () => {
    await link.close();
    for (const path of [root, dirname(socketPath)]) await rm(path, { recursive: true });
  });
  return { link, socketPath };
}

/** An editor without a host between: the sockets are of this machine. */
function editorFor(socketPath: string, server: string, key: string | undefined = ownKey) {
  const ready: (() => void)[] = [];
  const editor = linkModel({
    connect: async () => {
      const socket = connect(socketPath);
      await once(socket, 'connect');
      return socket;
    },
    server,
    key: () => Promise.resolve(key),
    onReady: () => ready.splice(0).forEach((resolve) => resolve()),
    log: () => undefined,
  });
  cleanups.push(() => {
    editor.close();
    return Promise.resolve();
  });
  return { close: () => editor.close(), ready: new Promise<void>((resolve) => ready.push(resolve)) };
}

async function linked(server: string, key?: string) {
  const { link, socketPath } = await sessionEnd(server);
  const editor = editorFor(socketPath, server, key);
  await link.attached(never);
  const token = await link.endpoint.key();
  return { link, socketPath, editor, url: link.endpoint.url, token };
}

interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
}

async function ask(url: string, { method = 'GET', headers = {}, body }: Asked): Promise<IncomingMessage> {
  const request = httpRequest(url, { method, headers, agent: false });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return answer;
}
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a model server that only the editor reaches', () => {
  it('gets the requests of the session below its address, with the key of the editor and never that of the port', async () => {
    const seen: IncomingMessage[] = [];
    const server = await modelServer((request, response) => {
      seen.push(request);
      response.setHeader('x-served-by', 'farm').end('{"ok":true}');
    });
    const { url, token, link } = await linked(`${server}/v1`);
    const answer = await ask(`${url}/models?limit=3`, { headers: { ...bearer(token), 'x-trace': '7' } });
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'x-served-by': 'farm' } });
    expect(await text(answer)).toBe('{"ok":true}');
    const tinker = await ask(`${url}/api`, { method: 'POST', headers: { 'x-api-key': token } });
    expect(tinker.statusCode).toBe(200);
    expect(seen.map(({ method, url: path }) => `${method} ${path}`)).toEqual([
      'GET /v1/models?limit=3',
      'POST /v1/api',
    ]);
    expect(seen[0]?.headers).toMatchObject({
      host: new URL(server).host,
      authorization: `Bearer ${ownKey}`,
      'x-trace': '7',
    });
    expect(seen[1]?.headers).toMatchObject({ 'x-api-key': ownKey });
    expect(JSON.stringify(seen.map(({ headers }) => headers))).not.toContain(token);
    expect(seen[1]?.headers).not.toHaveProperty('authorization');
    expect(link.endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
  });

  it('gets no key where the editor has none', async () => {
    const server = await modelServer((request, response) => {
      response.end(JSON.stringify(request.headers));
    });
    const { link, socketPath } = await sessionEnd(server);
    linkModel({
      connect: async () => {
        const socket = connect(socketPath);
        await once(socket, 'connect');
        cleanups.push(() => Promise.resolve(socket.destroy()));
        return socket;
      },
      server,
      key: () => Promise.resolve(undefined),
      onReady: () => undefined,
      log: () => undefined,
    });
    await link.attached(never);
    const answer = await text(await ask(link.endpoint.url, { headers: bearer(await link.endpoint.key()) }));
    expect(answer).not.toMatch(/authorization|api-key|key-in/);
  });

  it('is not reached without the key of the port, nor by a page of the web, nor under another name', async () => {
    let reached = 0;
    const server = await modelServer((_request, response) => {
      reached += 1;
      response.end();
    });
    const { url, token } = await linked(server);
    const port = new URL(url).port;
    for (const headers of [
      {},
      bearer('tml-guess'),
      bearer(`${token}x`),
      { 'x-api-key': 'tml-guess' },
      { ...bearer(token), origin: 'https://pages.example' },
      { ...bearer(token), host: `rebound.example:${port}` },
    ]) {
      expect((await ask(url, { headers })).statusCode, JSON.stringify(headers)).toBe(401);
    }
    expect(reached).toBe(0);
    expect((await ask(url, { headers: bearer(token) })).statusCode).toBe(200);
  });

  it.runIf(process.getuid?.() === 0)('is not reached by another user of the host', async () => {
    const server = await modelServer((_request, response) => {
      response.end('secret answer');
    });
    const { url, socketPath } = await linked(server);
    const script = `
      const { connect } = require('node:net');
      const http = require('node:http');
      const [url, path] = process.argv.slice(1);
      const tell = (what, said) => process.stdout.write(what + '=' + said + ' ');
      http.get(url, (answer) => { tell('port', answer.statusCode); answer.resume(); });
      connect(path).once('error', (error) => tell('socket', error.code)).once('connect', () => { tell('socket', 'open'); process.exit(); });`;
    const options = { uid: 65_534, gid: 65_534, cwd: '/' };
    const { stdout: said } = await promisify(execFile)(
      process.execPath,
      ['-e', script, url, socketPath],
      options,
    );
    expect(said.trim().split(' ').toSorted()).toEqual(['port=401', 'socket=EACCES']);
  });

  it('streams an answer piece by piece, as each is written', async () => {
    const pieces: ((piece: string) => void)[] = [];
    const server = await modelServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      pieces.push((piece) => (piece === '' ? response.end() : response.write(piece)));
    });
    const { url, token } = await linked(server);
    const answer = await ask(url, { headers: bearer(token) });
    expect(answer.headers['content-type']).toBe('text/event-stream');
    // Each is only written when the one before has come out.
    for (const piece of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      pieces[0]?.(piece);
      expect(String((await once(answer, 'data'))[0])).toBe(piece);
    }
    pieces[0]?.('');
    await once(answer, 'end');
  });

  it('takes 40 MB and gives them back, many requests at once', async () => {
    const server = await modelServer((request, response) => void request.pipe(response));
    const { url, token } = await linked(server);
    const body = Buffer.alloc(40 * 1024 * 1024, 'abcdefg');
    const big = ask(url, { method: 'POST', headers: bearer(token), body });
    const small = Array.from({ length: 40 }, async (_, index) => {
      const one = Buffer.from(`request ${index}`);
      return text(await ask(url, { method: 'POST', headers: bearer(token), body: one }));
    });
    expect(await Promise.all(small)).toEqual(Array.from({ length: 40 }, (_, index) => `request ${index}`));
    expect((await buffer(await big)).equals(body)).toBe(true);
  });

  it('is held back by who does not read', async () => {
    let written = 0;
    const server = await modelServer((_request, response) => {
      const more = (): void => {
        response.write(Buffer.alloc(256 * 1024), () => {
          written += 256 * 1024;
          if (written < 100 * 1024 * 1024) more();
          else response.end();
        });
      };
      more();
    });
    const { url, token } = await linked(server);
    const unread = await ask(url, { headers: bearer(token) });
    const before = written;
    for (let round = 0; round < 20; round++) {
      const other = await ask(url, { headers: { authorization: 'none' } });
      other.resume();
    }
    // What the sockets of the system hold, and no more.
    expect(Math.max(before, written)).toBeLessThan(60 * 1024 * 1024);
    let bytes = 0;
    for await (const chunk of unread as AsyncIterable<Buffer>) bytes += chunk.length;
    expect(bytes).toBe(100 * 1024 * 1024);
  });

  it('is told when the session does not want an answer any more', async () => {
    let left: (() => void) | undefined;
    const gone = new Promise<void>((resolve) => (left = resolve));
    let asked: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const server = await modelServer((_request, response) => {
      asked?.();
      response.once('close', () => left?.());
    });
    const { url, token } = await linked(server);
    const request = httpRequest(url, { headers: bearer(token), agent: false });
    request.on('error', () => undefined);
    request.end();
    await arrived;
    request.destroy();
    await gone;
  });

  it('breaks off here where it breaks off there, and is not taken for whole', async () => {
    const server = await modelServer((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: half\n\n', () => request.socket.resetAndDestroy());
    });
    const { url, token } = await linked(server);
    const answer = await ask(url, { headers: bearer(token) });
    await expect(text(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('says in words that it is down, and that it sends elsewhere; redirects are not followed', async () => {
    const down = await linked(`http://127.0.0.1:${await freePort()}`);
    const refused = await ask(down.url, { headers: bearer(down.token) });
    expect(refused.statusCode).toBe(502);
    expect(await text(refused)).toMatch(/The editor cannot reach http:\/\/127\.0\.0\.1:\d+: ECONNREFUSED/);
    let followed = false;
    const other = await modelServer((_request, response) => {
      followed = true;
      response.end();
    });
    const server = await modelServer((_request, response) => {
      response.writeHead(307, { location: other }).end();
    });
    const { url, token } = await linked(server);
    const answer = await ask(url, { headers: bearer(token) });
    expect(answer.statusCode).toBe(502);
    expect(await text(answer)).toContain('redirects elsewhere');
    expect(followed).toBe(false);
  });

  it('is the only address, and only below its path, that a host reaches through the editor', async () => {
    const seen: (string | undefined)[] = [];
    const server = await modelServer((request, response) => {
      seen.push(request.url);
      response.end();
    });
    const secret = await modelServer((request, response) => {
      seen.push(`secret${request.url}`);
      response.end();
    });
    const { socketPath } = await sessionEnd(`${server}/v1`);
    const editor = editorFor(socketPath, `${server}/v1`);
    await editor.ready;
    // A host that is not the runner: it speaks on the connections itself.
    const hostile = await sessionEnd(`${server}/v1`);
    editorFor(hostile.socketPath, `${server}/v1`);
    await hostile.link.attached(never);
    const token = await hostile.link.endpoint.key();
    const port = new URL(hostile.link.endpoint.url).port;
    for (const line of [
      'GET /admin',
      'GET /v1/../admin',
      'GET /v1/%2e%2e/admin',
      'GET /v1/%2E%2E%2Fadmin',
      'GET /v1/..%5cadmin',
      'GET /v10/x',
      `GET ${secret}/`,
      `GET ${secret}/v1/x`,
      `GET //${new URL(secret).host}/v1/x`,
      `CONNECT ${new URL(secret).host}`,
    ]) {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(
        `${line} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
      );
      const said = await text(socket);
      expect(said, line).not.toContain(' 200 ');
    }
    expect(seen).toEqual([]);
  });

  it('is waited for, and its absence is said, when no editor is there', async () => {
    const server = await modelServer((_request, response) => {
      response.end('here');
    });
    const { link, socketPath } = await sessionEnd(server, 100);
    await expect(link.attached(never)).rejects.toMatchObject({
      code: 'needs-endpoint',
      message: expect.stringContaining(server) as string,
    });
    const headers = bearer(await link.endpoint.key());
    const waiting = ask(link.endpoint.url, { headers });
    const editor = editorFor(socketPath, server);
    expect(await text(await waiting)).toBe('here');
    const watch = link.watch();
    editor.close();
    await once(watch.gone, 'abort');
    watch.end();
    expect(link.isAttached).toBe(false);
    // Another editor, or the same one again.
    const again = ask(link.endpoint.url, { headers });
    editorFor(socketPath, server);
    expect(await text(await again)).toBe('here');
  });

  it('goes on with the next request where the editor went away within an answer', async () => {
    const server = await modelServer((request, response) => {
      response.writeHead(200);
      response.write('half');
      if (request.url === '/whole') response.end();
    });
    const { link, socketPath, editor, url, token } = await linked(server);
    const answer = await ask(`${url}/half`, { headers: bearer(token) });
    expect(String((await once(answer, 'data'))[0])).toBe('half');
    editor.close();
    await expect(text(answer)).rejects.toMatchObject({ code: 'ECONNRESET' });
    const next = ask(`${url}/whole`, { headers: bearer(token) });
    editorFor(socketPath, server);
    expect(await text(await next)).toBe('half');
    expect(link.isAttached).toBe(true);
  });
});

describe('the part of a server below an address', () => {
  it('is never left, however a path is written', () => {
    const base = new URL('http://farm:8000/team/v1/');
    const piece = fc.constantFrom(
      '..',
      '.',
      '%2e%2e',
      '.%2E',
      '%2f',
      '%5c',
      '\\',
      '/',
      '//',
      'v1',
      'team',
      'x',
      '?',
      '#',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.boolean(), (pieces, isBelow) => {
        const asked = `${isBelow ? '/team/v1/' : '/'}${pieces.join('')}`;
        const path = withinBase(base, asked);
        if (path === undefined) return;
        // As a careless server reads it: decoded first.
        const decoded = decodeURIComponent(path.split('?')[0] ?? '').replaceAll('\\', '/');
        expect(`${new URL(`http://farm${decoded}`).pathname}/`).toMatch(/^\/team\/v1\//);
      }),
      { numRuns: 5_000 },
    );
  });

  it('is all of a server whose address has no path', () => {
    expect(withinBase(new URL('http://farm:8000'), '/api/v1/x?y=%2f')).toBe('/api/v1/x?y=%2f');
    expect(withinBase(new URL('http://farm:8000/v1'), '/v1')).toBe('/v1');
    expect(withinBase(new URL('http://farm:8000/v1'), '/v1/training_runs/a%3Ab%2Fc/x')).toBe(
      '/v1/training_runs/a%3Ab%2Fc/x',
    );
  });
});
