import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { fetchNode } from '../../src/extension/hosts/nodeDownload';
import { connectHost } from '../../src/remote/connectHost';
import type { HostClient, HostEnvironment } from '../../src/remote/hostClient';
import { platformKeyOf } from '../../src/remote/bootstrap/hostProbe';
import {
  nodeReleaseFor,
  noRuntimeAdvice,
  runtimeKeyOf,
  type NodeRelease,
} from '../../src/remote/bootstrap/nodeReleases';
import type { Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, noProgress, refusalOf, toolsWithout } from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const { server } = cleanups;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'ttt-bootstrap-'));
  cleanups.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function connect(sshd: Sshd, environment: HostEnvironment): Promise<HostClient> {
  const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never);
  cleanups.push(() => client.close());
  return client;
}

/** A host without Node, and with these programs in place of its own. */
async function hostWithoutNode(programs: Readonly<Record<string, string>> = {}): Promise<Sshd> {
  const tools = await toolsWithout(['node', 'nodejs', ...Object.keys(programs)]);
  cleanups.push(() => tools.remove());
  for (const [name, script] of Object.entries(programs)) {
    await writeFile(join(tools.path, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return server({ path: tools.path });
}

/** A host whose folder returned is a small file system of its own. */
async function hostWithMount(options: string): Promise<{ sshd: Sshd; root: string }> {
  const mount = await folder();
  const tools = await toolsWithout(['node', 'nodejs']);
  cleanups.push(() => tools.remove());
  const script = `mount -t tmpfs -o ${options} none ${mount} && exec "$@"`;
  const sshd = await server({ path: tools.path, wrapper: ['unshare', '-m', '/bin/sh', '-c', script, 'sh'] });
  return { sshd, root: join(mount, 'root') };
}

/** An archive like those of nodejs.org, whose program runs this machine's Node. */
async function serveRelease(): Promise<{ release: NodeRelease; asked: string[] }> {
  const work = await folder();
  const bin = join(work, 'node-v0.0.0-test', 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
  await chmod(join(bin, 'node'), 0o755);
  await writeFile(join(work, 'node-v0.0.0-test', 'README.md'), 'words\n'.repeat(1000));
  const archive = join(work, 'node.tar.gz');
  await run('tar', ['-czf', archive, '-C', work, 'node-v0.0.0-test']);
  const bytes = await readFile(archive);
  const asked: string[] = [];
  const http = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (request.url === '/node.tar.gz') response.end(bytes);
    else response.writeHead(404).end();
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  cleanups.push(() => Promise.resolve(http.close()));
  const address = http.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { release: { version: '0.0.0', url: `http://127.0.0.1:${port}/node.tar.gz`, sha256 }, asked };
}

describe('a host that cannot take what is needed', () => {
  it('because its root folder is mounted noexec is told so before anything is uploaded', async () => {
    const { sshd, root } = await hostWithMount('noexec,size=300m');
    const said: string[] = [];
    const environment = environmentFor(sshd, { root, nodeBinary: process.execPath });
    const attempt = connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never, {
      progress: (message) => said.push(message),
    });
    const refusal = await refusalOf(attempt);
    expect(refusal.code).toBe('no-runtime');
    expect(refusal.message).toContain('noexec');
    expect(refusal.advice).toContain('tttDiscover.remote.root');
    expect(said).not.toContain('Uploading Node');
  });

  it.each([
    ['space', 'size=40m'],
    ['room for files', 'size=300m,nr_inodes=4'],
  ])('because it has no %s is told so', async (_what, options) => {
    const { sshd, root } = await hostWithMount(options);
    const refusal = await refusalOf(
      connect(sshd, environmentFor(sshd, { root, nodeBinary: process.execPath })),
    );
    expect(refusal.code).toBe('no-space');
    expect(refusal.message).toContain(root);
  });

  it('because its C library is old is told what runs there', async () => {
    const sshd = await hostWithoutNode({ getconf: 'case $1 in GNU*) echo glibc 2.17;; *) echo 64;; esac' });
    const asked: string[] = [];
    const environment: HostEnvironment = {
      ...environmentFor(sshd),
      nodeBinaryFor(runtimeKey) {
        asked.push(runtimeKey);
        return Promise.resolve(undefined);
      },
    };
    const refusal = await refusalOf(connect(sshd, environment));
    expect(refusal.code).toBe('no-runtime');
    expect(refusal.message).toContain('glibc 2.17');
    expect(refusal.advice).toContain('conda');
    expect(asked).toEqual([expect.stringMatching(/^linux-(x64|arm64)-old-glibc$/)]);
  });

  it('because its programs are of 32 bits is told so', async () => {
    const sshd = await hostWithoutNode({ getconf: 'echo 32' });
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd)));
    expect(refusal.code).toBe('unsupported-host');
    expect(refusal.message).toContain('32 bits');
  });

  it('because the Node for it does not start there is told why, and nothing is left', async () => {
    const sshd = await hostWithoutNode();
    const broken = join(await folder(), 'node');
    const words = "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found";
    await writeFile(broken, `#!/bin/sh\necho "${words.replace('`', '\\`')}" >&2\nexit 1\n`);
    const refusal = await refusalOf(connect(sshd, environmentFor(sshd, { nodeBinary: broken })));
    expect(refusal.code).toBe('no-runtime');
    expect(refusal.message).toContain(words);
    const left = await readdir(join(sshd.home, '.ttt-discover'), { recursive: true });
    expect(left.filter((name) => /node$|partial|lock/.test(name))).toEqual([]);
  });
});

const shells = ['/bin/bash', '/usr/bin/zsh', '/usr/bin/fish', '/usr/bin/tcsh'].filter(existsSync);
describe.each(shells)('behind the login shell %s', (shell) => {
  it('whose start-up files print, Node and the runner are put there by two editors at once', async () => {
    const tools = await toolsWithout(['node', 'nodejs']);
    cleanups.push(() => tools.remove());
    const sshd = await server({ shell, path: tools.path });
    const noise = 'echo "Welcome @@to@@ the cluster"; echo noise >&2\n';
    for (const name of ['.bashrc', '.zshenv', '.tcshrc', '.cshrc'])
      await writeFile(join(sshd.home, name), noise);
    await mkdir(join(sshd.home, '.config/fish'), { recursive: true });
    await writeFile(join(sshd.home, '.config/fish/config.fish'), 'echo Welcome; echo noise >&2\n');
    const nodeBinary = join(await folder(), 'node');
    await writeFile(nodeBinary, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
    const clients = await Promise.all([
      connect(sshd, environmentFor(sshd, { nodeBinary })),
      connect(sshd, environmentFor(sshd, { nodeBinary })),
    ]);
    for (const client of clients) {
      expect(client.description).toContain(join(sshd.home, '.ttt-discover/runtime/node-'));
      expect(await client.list(never)).toEqual([]);
    }
    const names = await readdir(join(sshd.home, '.ttt-discover'), { recursive: true });
    expect(names.filter((name) => /partial|lock|trial/.test(name))).toEqual([]);
    expect(names.filter((name) => name.endsWith('/node'))).toHaveLength(1);
  });
});

describe('the builds of Node', () => {
  it('are chosen by system, processor and C library', () => {
    expect(platformKeyOf('Linux x86_64', 'musl')).toBe('linux-x64-musl');
    expect(platformKeyOf('Linux aarch64', '')).toBe('linux-arm64');
    expect(platformKeyOf('SunOS i86pc', '')).toBeUndefined();
    expect(runtimeKeyOf('linux-x64', '2.28')).toBe('linux-x64');
    expect(runtimeKeyOf('linux-x64', '3.0')).toBe('linux-x64');
    expect(runtimeKeyOf('linux-arm64', '2.27')).toBe('linux-arm64-old-glibc');
    expect(runtimeKeyOf('linux-x64-musl', undefined)).toBe('linux-x64-musl');
    expect(runtimeKeyOf('darwin-arm64', undefined)).toBe('darwin-arm64');
    for (const key of ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'])
      expect(nodeReleaseFor(key)?.sha256).toMatch(/^[0-9a-f]{64}$/);
    for (const key of ['linux-x64-musl', 'linux-x64-old-glibc', 'win32-x64'])
      expect(nodeReleaseFor(key)).toBeUndefined();
    expect(noRuntimeAdvice('linux-x64-musl', 20)).toContain('apk');
  });

  it('are downloaded once, checked, and kept', async () => {
    const { release, asked } = await serveRelease();
    const cache = await folder();
    const fractions: (number | undefined)[] = [];
    const path = await fetchNode(release, cache, (_message, fraction) => fractions.push(fraction), never);
    expect((await run(path, ['-p', '6*7'])).stdout).toBe('42\n');
    expect(fractions.at(-1)).toBe(1);
    expect(await fetchNode(release, cache, noProgress, never)).toBe(path);
    expect(asked).toHaveLength(1);
    // A program that was changed on the disk is not used.
    await writeFile(path, 'other');
    await fetchNode(release, cache, noProgress, never);
    expect((await run(path, ['-p', '6*7'])).stdout).toBe('42\n');
    expect((await readdir(join(cache, release.sha256))).sort()).toEqual(['node', 'node.gz', 'node.sha256']);
  });

  it('with another checksum than the fixed one are refused, and nothing of them is kept', async () => {
    const { release } = await serveRelease();
    const cache = await folder();
    const other = { ...release, sha256: '0'.repeat(64) };
    const refusal = await refusalOf(fetchNode(other, cache, noProgress, never));
    expect(refusal.code).toBe('no-runtime');
    expect(refusal.message).toContain(release.sha256);
    expect(await readdir(join(cache, other.sha256))).toEqual([]);
    const missing = { ...release, url: release.url.replace('node.tar.gz', 'gone') };
    expect((await refusalOf(fetchNode(missing, cache, noProgress, never))).message).toContain('404');
  });

  it('that are downloaded here are uploaded and run there', async () => {
    const { release } = await serveRelease();
    const cache = await folder();
    const sshd = await hostWithoutNode();
    const environment: HostEnvironment = {
      ...environmentFor(sshd),
      nodeBinaryFor: (_key, progress, signal) => fetchNode(release, cache, progress, signal),
    };
    const client = await connect(sshd, environment);
    expect(client.description).toContain(join(sshd.home, '.ttt-discover/runtime/node-'));
    expect(await client.list(never)).toEqual([]);
  });

  it('that the host downloads itself are checked there', async () => {
    const { release, asked } = await serveRelease();
    const sshd = await hostWithoutNode();
    const environment = (sha256: string): HostEnvironment => ({
      ...environmentFor(sshd),
      nodeBinaryFor: () => Promise.resolve({ ...release, sha256 }),
    });
    const refusal = await refusalOf(connect(sshd, environment('0'.repeat(64))));
    expect(refusal.code).toBe('no-runtime');
    expect(refusal.message).toContain(release.sha256);
    expect(await readdir(join(sshd.home, '.ttt-discover/runtime'))).toEqual([]);
    const client = await connect(sshd, environment(release.sha256));
    expect(client.description).toContain(join(sshd.home, '.ttt-discover/runtime/node-'));
    expect(asked).toHaveLength(2);
  });
});
