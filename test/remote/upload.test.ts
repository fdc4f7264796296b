import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLocalTransport } from '../../src/remote/shell/localTransport';
import { openSshTransport } from '../../src/remote/openTransport';
import type { Transport } from '../../src/remote/transport';
import { SelfTestFailed } from '../../src/remote/bootstrap/upload';
import { receiveCommand, type UploadTarget } from '../../src/remote/bootstrap/uploadReceive';
import { startSshd, type Sshd } from '../support/sshd';
import { startTcpProxy } from '../support/tcpProxy';
import { environmentFor, never, noProgress, refusalOf } from './hostFixture';
import { lockOwnedBy, noProcess } from './support/lockOwner';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** The content in pieces, counting those that were asked for. */
class Counted {
  pieces = 0;
  constructor(private readonly content: Buffer) {}
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (let at = 0; at < this.content.length; at += 64 * 1024) {
      this.pieces++;
      yield await Promise.resolve(this.content.subarray(at, at + 64 * 1024));
    }
  }
}

let transport: Transport;
let root: string;
beforeAll(() => {
  transport = createLocalTransport();
});
afterAll(() => transport.close());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ttt-upload-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const lock = () => join(root, '.lock');
const targetOf = (content: Buffer, more: Partial<UploadTarget> = {}): UploadTarget => ({
  path: join(root, 'runtime', 'it', 'file'),
  sha256: sha256(content),
  sizeBytes: content.length,
  executable: true,
  lock: lock(),
  ...more,
});
const leftOvers = async () =>
  (await readdir(root, { recursive: true })).filter((name) => /partial|lock/.test(name));

describe('an upload', () => {
  it('compressed on the way arrives as it was', async () => {
    const content = Buffer.concat([Buffer.alloc(3_000_000, 'compressible '), randomBytes(1_000_000)]);
    let sentBytes = 0;
    await transport.upload(new Counted(content), targetOf(content), {
      gzip: 'on-the-way',
      onProgress: (bytes) => (sentBytes = bytes),
    });
    const { path } = targetOf(content);
    expect(sha256(await readFile(path))).toBe(sha256(content));
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(sentBytes).toBe(content.length);
    expect(await leftOvers()).toEqual([]);
  });

  it('compressed before arrives as it was, and damaged is refused', async () => {
    const content = Buffer.alloc(3_000_000, 'compressible ');
    const zipped = gzipSync(content);
    await transport.upload(new Counted(zipped), targetOf(content), { gzip: 'before' });
    expect(sha256(await readFile(targetOf(content).path))).toBe(sha256(content));
    const other = { ...targetOf(content), path: join(root, 'other') };
    const cut = transport.upload(new Counted(zipped.subarray(0, -9)), other, { gzip: 'before' });
    expect((await refusalOf(cut)).code).toBe('bootstrap-failed');
    expect(existsSync(other.path)).toBe(false);
    expect(await leftOvers()).toEqual([]);
  });

  it('of what is there already sends nothing', async () => {
    const content = randomBytes(500_000);
    await transport.upload(new Counted(content), targetOf(content));
    const again = new Counted(content);
    await transport.upload(again, targetOf(content));
    expect(again.pieces).toBe(0);
  });

  it('that fails its self-test is not published, and what was there stays', async () => {
    const { path } = targetOf(Buffer.alloc(0));
    await mkdir(join(root, 'runtime', 'it'), { recursive: true });
    await writeFile(path, 'old');
    const content = Buffer.from('#!/bin/sh\necho "GLIBC_2.28 not found" >&2\nexit 7\n');
    const failed: unknown = await transport
      .upload(new Counted(content), targetOf(content, { selfTest: '"$1" --version' }))
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(SelfTestFailed);
    expect(failed).toMatchObject({ exitCode: 7, said: 'GLIBC_2.28 not found', code: 'bootstrap-failed' });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await leftOvers()).toEqual([]);
  });

  it('that passes its self-test under its own name is published', async () => {
    const content = Buffer.from('#!/bin/sh\ncase "$0" in */file) exit 0 ;; esac; exit 1\n');
    await transport.upload(new Counted(content), targetOf(content, { selfTest: '"$1"' }));
    expect(existsSync(targetOf(content).path)).toBe(true);
  });
});

it('an upload that is ended by a signal while it tidies leaves nothing all the same', async () => {
  // Given up, it gets the end of its input and a signal to its whole group, in any order.
  const [began, mayGo] = [join(root, 'began'), join(root, 'may-go')];
  const tools = join(root, 'tools');
  await mkdir(tools);
  const slowRm = `touch '${began}'; until [ -e '${mayGo}' ]; do sleep 0.02; done; exec /bin/rm "$@"`;
  await writeFile(join(tools, 'rm'), `#!/bin/sh\n${slowRm}\n`, { mode: 0o755 });
  const target = targetOf(randomBytes(1000));
  const child = spawn('/bin/sh', ['-c', receiveCommand(target, 'abc', false)], {
    env: { ...process.env, PATH: `${tools}:${process.env['PATH'] ?? ''}` },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const ended = once(child, 'exit');
  child.stdin.end('too little');
  await expect.poll(() => existsSync(began)).toBe(true);
  process.kill(-child.pid!, 'SIGTERM');
  await writeFile(mayGo, '');
  await ended;
  expect(await leftOvers()).toEqual([]);
});

describe('two who upload the same', () => {
  it('send it once: the other waits and then has it', async () => {
    const content = randomBytes(2_000_000);
    const uploads = Array.from({ length: 4 }, () => new Counted(content));
    await Promise.all(uploads.map((upload) => transport.upload(upload, targetOf(content))));
    expect(uploads.filter(({ pieces }) => pieces > 0)).toHaveLength(1);
    expect(sha256(await readFile(targetOf(content).path))).toBe(sha256(content));
    expect(await leftOvers()).toEqual([]);
  });

  it('wait for a live owner, and go on when it has gone', async () => {
    const content = randomBytes(100_000);
    const owner = spawn('sleep', ['600']);
    await once(owner, 'spawn');
    await lockOwnedBy(lock(), owner.pid!);
    const upload = new Counted(content);
    let waits = 0;
    const done = transport.upload(upload, targetOf(content), {
      onWaiting() {
        waits++;
        expect(upload.pieces).toBe(0);
        // Killed, it leaves its lock, which then is that of a dead process.
        if (waits === 2) owner.kill('SIGKILL');
      },
    });
    await done;
    expect(waits).toBeGreaterThanOrEqual(2);
    expect(await leftOvers()).toEqual([]);
  });

  it.each([
    ['has ended', {}],
    ['had the number of another process', { pid: String(process.pid), ticks: '1' }],
    ['was of an earlier boot', { pid: String(process.pid), boot: 'earlier' }],
  ])('take the lock of an owner that %s at once', async (_what, changes) => {
    const content = randomBytes(1000);
    await lockOwnedBy(lock(), noProcess, changes);
    let waits = 0;
    await transport.upload(new Counted(content), targetOf(content), { onWaiting: () => waits++ });
    expect(waits).toBe(0);
    expect(await leftOvers()).toEqual([]);
  });

  it('never take the lock of an owner on another machine that shows signs of life', async () => {
    const content = randomBytes(1000);
    await lockOwnedBy(lock(), noProcess, { host: 'elsewhere' });
    const controller = new AbortController();
    let waits = 0;
    const upload = transport.upload(new Counted(content), targetOf(content), {
      signal: controller.signal,
      onWaiting() {
        if (++waits === 2) controller.abort();
      },
    });
    expect((await refusalOf(upload)).code).toBe('cancelled');
    expect(await readFile(join(lock(), 'owner'), 'utf8')).toContain('host=elsewhere');
  });
});

describe('an upload over SSH', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ config: ['RekeyLimit 1M'] });
  });
  afterAll(() => sshd.stop());

  it('whose connection is cut leaves neither the lock nor half a file', async () => {
    const proxy = await startTcpProxy({ port: sshd.port });
    try {
      const config = (await readFile(sshd.sshConfigPath, 'utf8')).replace(/Port \d+/, `Port ${proxy.port}`);
      const sshConfigPath = join(sshd.folder, 'through-proxy');
      await writeFile(sshConfigPath, config);
      const opened = await openSshTransport(
        sshd.alias,
        environmentFor(sshd, { sshConfigPath }),
        never,
        noProgress,
      );
      const content = randomBytes(8_000_000);
      const upload = opened.transport.upload(new Counted(content), targetOf(content), {
        onProgress(bytes) {
          if (bytes > 3_000_000) proxy.reset();
        },
      });
      expect((await refusalOf(upload)).code).toBe('lost');
      await expect.poll(leftOvers).toEqual([]);
      expect(existsSync(targetOf(content).path)).toBe(false);
    } finally {
      await proxy.close();
    }
  });

  it('arrives whole through many re-keyings with the verifier in use', async () => {
    const opened = await openSshTransport(sshd.alias, environmentFor(sshd), never, noProgress);
    const content = randomBytes(20_000_000);
    await opened.transport.upload(new Counted(content), targetOf(content));
    await opened.transport.close();
    expect(sha256(await readFile(targetOf(content).path))).toBe(sha256(content));
  });
});
