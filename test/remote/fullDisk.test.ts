import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { connectHost } from '../../src/remote/connectHost';
import { openSshTransport } from '../../src/remote/openTransport';
import type { Transport } from '../../src/remote/transport';
import { skipUnless } from '../support/skipHere';
import type { Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, noProgress, refusalOf, toolsWithout } from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** As root in a mount space alone; otherwise as root of a user space of its own, where the system allows that. */
const unshare = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-rm'];
const canMount = await run('unshare', [...unshare.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt']).then(
  () => true,
  () => false,
);
const reason = 'small file systems of its own, for which unshare and mount are needed';

/** A host with a small file system that nobody else sees, at the folder returned. */
async function hostWithMount(options: string, path?: string): Promise<{ sshd: Sshd; mount: string }> {
  const mount = await mkdtemp(join(tmpdir(), 'ttt-mount-'));
  cleanups.push(() => rm(mount, { recursive: true }));
  const script = `mount -t tmpfs -o ${options} none ${mount} && exec "$@"`;
  const wrapper = [...unshare, '/bin/sh', '-c', script, 'sh'];
  return { sshd: await cleanups.server({ wrapper, ...(path === undefined ? {} : { path }) }), mount };
}

async function open(sshd: Sshd, sshTransport: 'ssh2' | 'system'): Promise<Transport> {
  const environment = { ...environmentFor(sshd), sshTransport };
  const { transport } = await openSshTransport(sshd.alias, environment, never, noProgress);
  cleanups.push(() => transport.close());
  return transport;
}

describe.each(['ssh2', 'system'] as const)('a host whose disk is full (%s)', (client) => {
  it.for([
    ['has no room for all of an upload', 'size=3m', 8_000_000],
    ['has room for no more files', 'size=20m,nr_inodes=3', 1_000],
  ] as const)('because it %s says so, and nothing of it is left', async ([, options, size], context) => {
    skipUnless(context, canMount, reason);
    const { sshd, mount } = await hostWithMount(options);
    const transport = await open(sshd, client);
    const content = randomBytes(size);
    async function* pieces() {
      for (let at = 0; at < content.length; at += 64 * 1024)
        yield await Promise.resolve(content.subarray(at, at + 64 * 1024));
    }
    const target = {
      path: join(mount, 'a', 'b', 'file'),
      sha256: sha256(content),
      sizeBytes: size,
      executable: false,
    };
    const refusal = await refusalOf(transport.upload(pieces(), target));
    expect(refusal.code).toBe('no-space');
    expect(refusal.advice).toContain('Free some space');
    const { stdout } = await transport.exec(`find ${mount} -type f -o -name '.partial*'`);
    expect(stdout).toBe('');
  });
});

describe('making a host ready whose disk fills up meanwhile', () => {
  it.for([
    ['room', 'size=300m', 'dd if=/dev/zero of="$ROOT/../filler" bs=1M 2>/dev/null; :'],
    [
      'files',
      'size=300m,nr_inodes=400',
      'i=0; while : >"$ROOT/../f$i"; do i=$((i + 1)); done 2>/dev/null; :',
    ],
  ] as const)('runs out of %s, says so, and leaves no half file', async ([, options, fill], context) => {
    skipUnless(context, canMount, reason);
    const tools = await toolsWithout(['node', 'nodejs']);
    cleanups.push(() => tools.remove());
    const { sshd, mount } = await hostWithMount(options, tools.path);
    const root = join(mount, 'home', 'root');
    const filler = await open(sshd, 'ssh2');
    const environment = environmentFor(sshd, { root, nodeBinary: process.execPath });
    // After the look at the free space, before the upload.
    const filling = {
      ...environment,
      async nodeBinaryFor() {
        await filler.exec(`ROOT='${root}'; ${fill}`);
        return process.execPath;
      },
    };
    const refusal = await refusalOf(connectHost({ kind: 'ssh', alias: sshd.alias }, filling, never));
    expect(refusal.code).toBe('no-space');
    expect(refusal.advice).toContain('Free some space');
    const { stdout } = await filler.exec(`find ${root} -name '.partial*' -o -name .lock`);
    expect(stdout).toBe('');
  });
});
