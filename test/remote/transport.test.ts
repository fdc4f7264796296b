import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalTransport } from '../../src/remote/shell/localTransport';
import { multiplex } from '../../src/remote/multiplex/multiplexedTransport';
import { openSshTransport } from '../../src/remote/openTransport';
import { createSsh2Transport } from '../../src/remote/ssh2/ssh2Transport';
import { resolveHost } from '../../src/remote/config/sshConfig';
import { openSshConnection } from '../../src/remote/ssh2/sshConnection';
import type { Transport } from '../../src/remote/transport';
import { startSshd, type Sshd, type SshdOptions } from '../support/sshd';
import { environmentFor, never, noProgress, refusalOf } from './hostFixture';

async function* pieces(content: Buffer, size = 32_768): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size)
    yield await Promise.resolve(content.subarray(at, at + size));
}
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

interface Opened {
  readonly transport: Transport;
  readonly folder: string;
  close(): Promise<void>;
}

async function openLocal(): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'ttt-local-'));
  const transport = createLocalTransport();
  return {
    transport,
    folder,
    async close() {
      await transport.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function connectTo(sshd: Sshd): Promise<Transport> {
  const host = await resolveHost(sshd.alias, { sshPath: 'ssh', sshConfigPath: sshd.sshConfigPath });
  return createSsh2Transport(await openSshConnection(host, environmentFor(sshd), never));
}

async function openSsh(options: SshdOptions = {}): Promise<Opened> {
  const sshd = await startSshd(options);
  const transport = await connectTo(sshd);
  return {
    transport,
    folder: sshd.home,
    async close() {
      await transport.close();
      await sshd.stop();
    },
  };
}

/** Through the ssh program, over one shared connection. */
async function connectProgram(sshd: Sshd): Promise<Transport> {
  const environment = { ...environmentFor(sshd), sshTransport: 'system' as const };
  return (await openSshTransport(sshd.alias, environment, never, noProgress)).transport;
}

async function openProgram(options: SshdOptions = {}): Promise<Opened> {
  const sshd = await startSshd(options);
  const transport = await connectProgram(sshd);
  return {
    transport,
    folder: sshd.home,
    async close() {
      await transport.close();
      await sshd.stop();
    },
  };
}

/** All over the one session that the host allows. */
async function openOne(connect: (sshd: Sshd) => Promise<Transport>): Promise<Opened> {
  const sshd = await startSshd({ config: ['MaxSessions 1'] });
  const single = await connect(sshd);
  expect(await single.hasFewSessions?.()).toBe(true);
  const transport = await multiplex(single, { nodePath: process.execPath, nodeEnv: {} });
  return {
    transport,
    folder: sshd.home,
    async close() {
      await transport.close();
      await sshd.stop();
    },
  };
}

describe.each([
  ['this machine', openLocal],
  ['a host over SSH', () => openSsh()],
  ['a host over SSH with one session a connection', () => openOne(connectTo)],
  ['a host through the ssh program with one session', () => openOne(connectProgram)],
  ['a host over SSH that re-keys all the time', () => openSsh({ config: ['RekeyLimit 1M'] })],
  ['a host over SSH with few sessions a connection', () => openSsh({ config: ['MaxSessions 3'] })],
  ['a host through the ssh program', () => openProgram()],
  [
    'a host through the ssh program that re-keys all the time',
    () => openProgram({ config: ['RekeyLimit 1M'] }),
  ],
  ['a host through the ssh program with few sessions', () => openProgram({ config: ['MaxSessions 3'] })],
])('%s', (_name, open) => {
  let opened: Opened;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened.close());

  it('runs a script and gives its output, errors and code', async () => {
    expect(await opened.transport.exec('echo out; echo err >&2; exit 7')).toEqual({
      code: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('runs scripts longer than any command line, with large output', async () => {
    const text = 'é'.repeat(100_000);
    const result = await opened.transport.exec(`cat <<'END'\n${text}\nEND`);
    expect(result.stdout).toBe(`${text}\n`);
  });

  it('runs many scripts at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 25 }, (_, index) => opened.transport.exec(`echo ${index}`)),
    );
    expect(results.map(({ stdout }) => Number(stdout))).toEqual(
      Array.from({ length: 25 }, (_, index) => index),
    );
  });

  it('does not wait for what a script leaves running', async () => {
    const { stdout } = await opened.transport.exec('sleep 600 & echo $!');
    expect(stdout).toMatch(/^\d+\n$/);
    await opened.transport.exec(`kill ${stdout.trim()}`);
  });

  it('gives up on a script that takes too long or is cancelled', async () => {
    expect((await refusalOf(opened.transport.exec('sleep 600', { timeoutMs: 300 }))).code).toBe('lost');
    const controller = new AbortController();
    const running = refusalOf(opened.transport.exec('sleep 600', { signal: controller.signal }));
    controller.abort();
    expect((await running).code).toBe('cancelled');
    expect((await opened.transport.exec('echo still there')).stdout).toBe('still there\n');
  });

  it('carries any bytes to and from a process', async () => {
    const process = await opened.transport.spawn('exec cat');
    const sent = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
    const received: Buffer[] = [];
    process.stdout.on('data', (chunk: Buffer) => received.push(chunk));
    process.stderr.resume();
    process.stdin.end(sent);
    expect(await process.exited).toEqual({ code: 0, signal: undefined });
    expect(sha256(Buffer.concat(received))).toBe(sha256(sent));
  });

  it('uploads a file whole, with the rights asked for', async () => {
    const content = Buffer.alloc(5_000_000, 'content ');
    const path = join(opened.folder, `it's a "folder" $x`, 'file');
    let progressBytes = 0;
    await opened.transport.upload(
      pieces(content),
      { path, sha256: sha256(content), sizeBytes: content.length, executable: true },
      { onProgress: (sentBytes) => (progressBytes = sentBytes) },
    );
    expect(sha256(await readFile(path))).toBe(sha256(content));
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(progressBytes).toBe(content.length);
  });

  it.each([
    ['other bytes', Buffer.alloc(1000, 'y'), 1000],
    ['too few bytes', Buffer.alloc(999, 'x'), 1000],
    ['too many bytes', Buffer.alloc(1001, 'x'), 1000],
    ['nothing', Buffer.alloc(0), 1000],
  ])('refuses an upload that arrives as %s, and keeps the old file', async (_what, arriving, sizeBytes) => {
    const folder = join(opened.folder, 'kept');
    const path = join(folder, 'file');
    const wanted = Buffer.alloc(1000, 'x');
    await mkdir(folder, { recursive: true });
    const old = Buffer.from('old');
    await opened.transport.upload(pieces(old), {
      path,
      sha256: sha256(old),
      sizeBytes: 3,
      executable: false,
    });
    const refusal = await refusalOf(
      opened.transport.upload(pieces(arriving), {
        path,
        sha256: sha256(wanted),
        sizeBytes,
        executable: false,
      }),
    );
    expect(refusal.code).toBe('bootstrap-failed');
    expect(refusal.message).toContain('damaged');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('says when there is no space', async () => {
    const content = Buffer.alloc(100_000);
    // Writing to /dev/full fails as a full disk does.
    const folder = join(opened.folder, 'full');
    await opened.transport.exec(`mkdir -p '${folder}'`);
    const failing = opened.transport.upload(pieces(content), {
      path: '/dev/full/file',
      sha256: sha256(content),
      sizeBytes: content.length,
      executable: false,
    });
    expect((await refusalOf(failing)).code).toBe('bootstrap-failed');
  });

  it('leaves nothing of an upload that is cancelled', async () => {
    const controller = new AbortController();
    const folder = join(opened.folder, 'cancelled');
    async function* endless(): AsyncGenerator<Buffer> {
      for (let count = 0; ; count++) {
        if (count === 20) controller.abort();
        yield await Promise.resolve(Buffer.alloc(10_000));
      }
    }
    const upload = opened.transport.upload(
      endless(),
      { path: join(folder, 'file'), sha256: sha256(Buffer.alloc(0)), sizeBytes: 1e9, executable: false },
      { signal: controller.signal },
    );
    expect((await refusalOf(upload)).code).toBe('cancelled');
    for (;;) {
      const left = existsSync(folder) ? await readdir(folder) : [];
      if (left.length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });
});

describe('a transport that was closed', () => {
  it.each([
    ['this machine', openLocal],
    ['a host over SSH', () => openSsh()],
    ['a host through the ssh program', () => openProgram()],
  ])('(%s) ends its processes, says so once, and takes nothing more', async (_name, open) => {
    const opened = await open();
    const reasons: unknown[] = [];
    opened.transport.onClosed((reason) => reasons.push(reason));
    const process = await opened.transport.spawn('exec sleep 600');
    process.stdout.resume();
    process.stderr.resume();
    await opened.transport.close();
    await process.exited;
    expect(reasons).toEqual([undefined]);
    opened.transport.onClosed((reason) => reasons.push(reason));
    expect(reasons).toHaveLength(2);
    expect((await refusalOf(opened.transport.exec('echo'))).code).toBe('lost');
    await opened.close();
  });

  it.each([
    ['a host over SSH', connectTo],
    ['a host through the ssh program', connectProgram],
  ])('(%s) says why when the server went away', async (_name, connect) => {
    const sshd = await startSshd();
    const transport = await connect(sshd);
    const closed = new Promise((resolve) => transport.onClosed(resolve));
    const running = refusalOf(transport.exec('sleep 600'));
    const process = await transport.spawn('exec sleep 600');
    process.stdout.resume();
    process.stderr.resume();
    await sshd.stop();
    expect(await closed).toMatchObject({ code: 'lost' });
    expect((await running).code).toBe('lost');
    expect(await process.exited).toEqual({ code: undefined, signal: undefined });
  });
});
