import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLocalTransport } from '../../src/remote/shell/localTransport';
import { frameKind, FrameReader, frameOf } from '../../src/remote/multiplex/multiplexFrames';
import { multiplexProgram } from '../../src/remote/multiplex/multiplexProgram';
import { multiplexBeside, type SocketTransport } from '../../src/remote/multiplex/multiplexedTransport';
import type { Transport } from '../../src/remote/transport';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import { freePort } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { newSessionId, refusalOf } from './hostFixture';

const cleanups = cleanupsAfterEach();

async function channel(): Promise<{ readonly inner: Transport; readonly sockets: SocketTransport }> {
  const inner = createLocalTransport();
  cleanups.push(() => inner.close());
  return { inner, sockets: await multiplexBeside(inner, { nodePath: process.execPath, nodeEnv: {} }) };
}

async function listening(server: Server, where: { port?: number; host?: string; path?: string }) {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(where);
  await once(server, 'listening');
  cleanups.push(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

const echo = () => createServer((socket) => socket.pipe(socket));

describe('sockets of a host', () => {
  it.each(['127.0.0.1', '::1'])('carry more than a window both ways at once, at %s', async (host) => {
    const { sockets } = await channel();
    const port = await listening(echo(), { port: 0, host });
    const stream = await sockets.connect({ port });
    const sent = randomBytes(5_000_003);
    stream.end(sent);
    const hash = createHash('sha256');
    for await (const chunk of stream as AsyncIterable<Buffer>) hash.update(chunk);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  it('hold back what is not read, and go on for the others', async () => {
    const { sockets } = await channel();
    let written = 0;
    const flood = createServer((socket) => {
      const more = (): void => {
        socket.write(Buffer.alloc(100_000), () => {
          written += 100_000;
          if (written < 50_000_000) more();
        });
      };
      more();
    });
    const unread = await sockets.connect({ port: await listening(flood, { port: 0, host: '127.0.0.1' }) });
    for (let round = 0; round < 5; round++) expect((await sockets.exec('echo on')).stdout).toBe('on\n');
    // A window, and what the sockets of the system hold.
    expect(written).toBeLessThan(20_000_000);
    unread.destroy();
  });

  it('say that nobody listens, and that a connection broke in the middle', async () => {
    const { sockets } = await channel();
    const refusal = await refusalOf(sockets.connect({ port: await freePort() }));
    expect(refusal).toMatchObject({ code: 'unreachable' });
    expect(refusal.message).toContain('ECONNREFUSED');
    const rude = createServer((socket) => {
      socket.write('half');
      socket.once('data', () => socket.resetAndDestroy());
    });
    const stream = await sockets.connect({ port: await listening(rude, { port: 0, host: '127.0.0.1' }) });
    expect(String((await once(stream, 'data'))[0])).toBe('half');
    stream.write('more');
    expect(await once(stream, 'error')).toMatchObject([{ code: 'ECONNRESET' }]);
  });

  it('break when the channel does, and the other connection goes on', async () => {
    const { inner, sockets } = await channel();
    const stream = await sockets.connect({ port: await listening(echo(), { port: 0, host: '127.0.0.1' }) });
    const broken = once(stream, 'error');
    const closed = new Promise((resolve) => sockets.onClosed(resolve));
    void sockets.exec('kill -9 $PPID').catch(() => undefined);
    expect(await broken).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(await closed).toMatchObject({ code: 'lost' });
    expect((await inner.exec('echo on')).stdout).toBe('on\n');
    expect((await refusalOf(sockets.connect({ port: 1 }))).code).toBe('lost');
  });

  it('end when the client falls silent without a word; what else it runs goes on', async () => {
    const ended = new Promise<void>((resolve) => {
      const server = createServer((socket) => socket.once('close', () => resolve()));
      void listening(server, { port: 0, host: '127.0.0.1' }).then((port) => {
        const address = Buffer.from(JSON.stringify({ port }));
        host.stdin.write(frameOf(frameKind.connect, 1, address));
        const command = Buffer.from(JSON.stringify({ script: false, command: 'exec cat' }));
        host.stdin.write(frameOf(frameKind.open, 2, command));
        host.stdin.write(frameOf(frameKind.alive, 0));
      });
    });
    const host = spawn(process.execPath, ['-e', multiplexProgram('n', 50)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const frames = new FrameReader();
    const said = new Promise<string>((resolve) => {
      let hasBegun = false;
      host.stdout.on('data', (chunk: Buffer) => {
        const rest = hasBegun ? chunk : chunk.subarray('\n@@n@@\n'.length);
        hasBegun = true;
        for (const { kind, payload } of frames.push(rest))
          if (kind === frameKind.stdout) resolve(payload.toString());
      });
    });
    await ended;
    host.stdin.write(frameOf(frameKind.stdin, 2, Buffer.from('still here')));
    expect(await said).toBe('still here');
    host.stdin.end();
    await once(host, 'exit');
  });

  it('of a session are those of its own folder, which no other user can enter', async () => {
    const { sockets } = await channel();
    const root = await mkdtemp(join(tmpdir(), 'ttt-root-'));
    cleanups.push(() => rm(root, { recursive: true }));
    const sessionId = newSessionId();
    const path = sessionFolder(root, sessionId).modelSocketPath;
    await mkdir(dirname(path), { mode: 0o700 });
    cleanups.push(() => rm(dirname(path), { recursive: true }));
    expect((await refusalOf(sockets.connect({ root, sessionId }))).message).toContain('ENOENT');
    await listening(echo(), { path });
    const stream = await sockets.connect({ root, sessionId });
    stream.write('hello');
    expect(String((await once(stream, 'data'))[0])).toBe('hello');
    stream.destroy();
    await chmod(dirname(path), 0o755);
    expect((await refusalOf(sockets.connect({ root, sessionId }))).message).toContain('open to other users');
  });
});
