import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSshTransport } from '../../src/remote/openTransport';
import type { Transport } from '../../src/remote/transport';
import { freePort, makeKey, type Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { startTcpProxy } from '../support/tcpProxy';
import { environmentFor, never, noProgress, refusalOf, type RecordingEnvironment } from './hostFixture';

const cleanups = cleanupsAfterEach();
const { server } = cleanups;

/** One configuration for several servers, each under its own name, with lines of its own. */
async function configure(
  hosts: Readonly<Record<string, { readonly sshd: Sshd; readonly port?: number; readonly lines?: string }>>,
): Promise<RecordingEnvironment> {
  const [first] = Object.values(hosts);
  if (first === undefined) throw new TypeError('no host');
  const sshConfigPath = join(first.sshd.folder, 'route_config');
  const blocks = Object.entries(hosts).map(
    ([name, { sshd, port, lines = '' }]) =>
      `Host ${name}\n  HostName 127.0.0.1\n  Port ${port ?? sshd.port}\n  User ${userInfo().username}\n` +
      `  IdentityFile ${sshd.identityPath}\n  UserKnownHostsFile ${sshd.knownHostsPath}\n${lines}\n`,
  );
  await writeFile(
    sshConfigPath,
    `${blocks.join('')}Host *\n  IdentitiesOnly yes\n  IdentityAgent none\n  GlobalKnownHostsFile /dev/null\n`,
  );
  return environmentFor(first.sshd, { sshConfigPath });
}

async function open(alias: string, environment: RecordingEnvironment): Promise<Transport> {
  const { transport } = await openSshTransport(alias, environment, never, noProgress);
  cleanups.push(() => transport.close());
  return transport;
}

const accepted = async (sshd: Sshd) => (await sshd.log()).match(/Accepted publickey/g)?.length ?? 0;

describe('a host behind jump hosts', () => {
  it('is reached through three servers, each authenticated once and verified under its own name', async () => {
    const [outer, inner, gpu] = [await server(), await server(), await server()];
    const environment = await configure({
      gpu: { sshd: gpu, lines: '  ProxyJump inner' },
      inner: { sshd: inner, lines: '  ProxyJump outer' },
      outer: { sshd: outer },
    });
    const { transport, description } = await openSshTransport('gpu', environment, never, noProgress);
    cleanups.push(() => transport.close());
    expect(description).toContain('through outer, inner');
    const { stdout } = await transport.exec('echo $HOME');
    expect(stdout.trim()).toBe(gpu.home);
    expect(environment.questions).toEqual([
      question('outer', outer),
      { ...question('inner', inner), via: 'outer' },
      { ...question('gpu', gpu), via: 'inner' },
    ]);
    for (const sshd of [outer, inner, gpu]) expect(await accepted(sshd)).toBe(1);
    const pinned = await readFile(environment.knownHostsPath, 'utf8');
    expect(pinned.trim().split('\n')).toHaveLength(3);

    // With all three known, nothing is asked, and a list of jumps means the same.
    const listed = await configure({
      gpu: { sshd: gpu, lines: `  ProxyJump outer,inner` },
      inner: { sshd: inner },
      outer: { sshd: outer },
    });
    const again = await open('gpu', { ...listed, knownHostsPath: environment.knownHostsPath });
    expect((await again.exec('echo $HOME')).stdout.trim()).toBe(gpu.home);
    expect(listed.questions).toEqual([]);
  });

  it('is not reached when a hop shows another key than the known one, whatever is known of the others', async () => {
    const [outer, gpu] = [await server(), await server()];
    const hosts = { gpu: { sshd: gpu, lines: '  ProxyJump outer' }, outer: { sshd: outer } };
    // The key of the last host under the name of the hop: it must not be taken for the hop's.
    const line = (await readFile(`${gpu.hostKeyPath}.pub`, 'utf8')).trim();
    await writeFile(outer.knownHostsPath, `[127.0.0.1]:${outer.port} ${line}\n`);
    const environment = await configure(hosts);
    const refusal = await refusalOf(open('gpu', environment));
    expect(refusal.code).toBe('host-key-changed');
    expect(refusal.message).toContain(`[127.0.0.1]:${outer.port}`);
    expect(await accepted(gpu)).toBe(0);
    expect(environment.questions).toEqual([]);
  });

  it('that the hop must not or cannot reach says which', async () => {
    const [strict, open_, gpu] = [
      await server({ config: ['AllowTcpForwarding no'] }),
      await server(),
      await server(),
    ];
    const environment = await configure({
      a: { sshd: gpu, lines: '  ProxyJump strict' },
      b: { sshd: gpu, port: await freePort(), lines: '  ProxyJump gate' },
      strict: { sshd: strict },
      gate: { sshd: open_ },
    });
    const forbidden = await refusalOf(open('a', environment));
    expect(forbidden).toMatchObject({ code: 'unsupported-host', isTransient: false });
    expect(forbidden.advice).toContain('AllowTcpForwarding');
    const down = await refusalOf(open('b', environment));
    expect(down).toMatchObject({ code: 'unreachable', isTransient: true });
    expect(down.message).toContain('gate cannot open a connection to 127.0.0.1');
  });

  it('says that contact was lost when a hop goes away, and leaves no hop connected after it is closed', async () => {
    const [outer, gpu] = [await server(), await server()];
    const proxy = await startTcpProxy({ port: outer.port });
    cleanups.push(() => proxy.close());
    const environment = await configure({
      gpu: { sshd: gpu, lines: '  ProxyJump outer' },
      outer: { sshd: outer, port: proxy.port },
    });
    const first = await open('gpu', environment);
    const lost = new Promise((resolve) => first.onClosed(resolve));
    proxy.reset();
    expect(await lost).toMatchObject({ code: 'lost' });
    const second = await open('gpu', environment);
    expect(proxy.open).toBe(1);
    await second.close();
    await expect.poll(() => proxy.open).toBe(0);
  });

  it('can be cancelled while a hop does not answer', async () => {
    const outer = await server();
    const controller = new AbortController();
    const silent = createServer(() => controller.abort());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanups.push(() => Promise.resolve(silent.close()));
    const address = silent.address();
    const port = address !== null && typeof address !== 'string' ? address.port : 0;
    const environment = await configure({
      gpu: { sshd: outer, port, lines: '  ProxyJump outer' },
      outer: { sshd: outer },
    });
    const refusal = await refusalOf(openSshTransport('gpu', environment, controller.signal, noProgress));
    expect(refusal.code).toBe('cancelled');
  });
});

function question(alias: string, sshd: Sshd) {
  return {
    alias,
    name: `[127.0.0.1]:${sshd.port}`,
    keyType: 'ssh-ed25519',
    fingerprint: sshd.hostKeyFingerprint,
    alsoKnownAs: [],
  };
}

describe('a host behind a ProxyCommand', () => {
  const relay = (folder: string) => join(folder, 'relay script.cjs');
  const relayText = `
const fs = require('node:fs');
fs.writeFileSync(process.argv[2], process.argv.slice(3).join('|') + '|' + process.pid);
const socket = require('node:net').connect(Number(process.argv[4]), process.argv[3]);
process.stdin.pipe(socket).pipe(process.stdout);
`;

  it('is reached through it, with its tokens, and the command ends with the connection', async () => {
    const gpu = await server();
    await writeFile(relay(gpu.folder), relayText);
    const seen = join(gpu.folder, 'seen');
    const environment = await configure({
      gpu: {
        sshd: gpu,
        lines: `  ProxyCommand ${process.execPath} "${relay(gpu.folder)}" ${seen} %h %p %r %n '100%%' "$HOME"`,
      },
    });
    const transport = await open('gpu', environment);
    expect((await transport.exec('echo $HOME')).stdout.trim()).toBe(gpu.home);
    const [host, port, user, alias, percent, home, pid] = (await readFile(seen, 'utf8')).split('|');
    expect([host, port, user, alias, percent]).toEqual([
      '127.0.0.1',
      String(gpu.port),
      userInfo().username,
      'gpu',
      '100%',
    ]);
    // The shell expands what is the shell's.
    expect(home).toBe(process.env['HOME']);
    expect(environment.questions[0]?.via).toContain('ProxyCommand');
    await transport.close();
    await expect.poll(() => existsSync(`/proc/${pid}/cmdline`)).toBe(false);
  });

  it('is reached through ssh itself as the command, and through jumps behind it', async () => {
    const [gate, inner, gpu] = [await server(), await server(), await server()];
    const gateLine = (await readFile(`${gate.hostKeyPath}.pub`, 'utf8')).trim();
    await writeFile(gate.knownHostsPath, `[127.0.0.1]:${gate.port} ${gateLine}\n`);
    const environment = await configure({
      gpu: { sshd: gpu, lines: '  ProxyJump inner' },
      inner: {
        sshd: inner,
        lines: `  ProxyCommand ssh -F ${join(gpu.folder, 'route_config')} -W %h:%p gate`,
      },
      gate: { sshd: gate },
    });
    const transport = await open('gpu', environment);
    expect((await transport.exec('echo $HOME')).stdout.trim()).toBe(gpu.home);
    const process = await transport.spawn('exec cat');
    const sent = Buffer.alloc(3_000_000, 'through three');
    const received: Buffer[] = [];
    process.stdout.on('data', (chunk: Buffer) => received.push(chunk));
    process.stderr.resume();
    process.stdin.end(sent);
    await process.exited;
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });

  it('that fails is told with what it said', async () => {
    const gpu = await server();
    const environment = await configure({
      gpu: { sshd: gpu, lines: `  ProxyCommand echo "no route to %h" >&2; exit 3` },
      absent: { sshd: gpu, lines: `  ProxyCommand /no/such/program %h` },
    });
    const refusal = await refusalOf(open('gpu', environment));
    expect(refusal.code).toBe('unreachable');
    expect(refusal.message).toContain('no route to 127.0.0.1');
    expect((await refusalOf(open('absent', environment))).message).toContain('exit code 127');
  });

  it('is refused where a name would change the command', async () => {
    const gpu = await server();
    const environment = await configure({
      gpu: { sshd: gpu, lines: `  ProxyCommand nc %h %p` },
    });
    const path = environment.sshConfigPath ?? '';
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('HostName 127.0.0.1', 'HostName "$(touch ${TMPDIR})"'));
    const refusal = await refusalOf(open('gpu', environment));
    expect(refusal.code).toBe('ssh-config');
  });

  it('runs a server without a network', async () => {
    const gpu = await server();
    const hostKey = await makeKey(join(gpu.folder, 'inetd_key'));
    const config = join(gpu.folder, 'inetd.conf');
    await writeFile(
      config,
      `HostKey ${hostKey}\nAuthorizedKeysFile ${join(gpu.folder, 'authorized_keys')}\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n`,
    );
    const environment = await configure({
      gpu: { sshd: gpu, lines: `  ProxyCommand /usr/sbin/sshd -i -f ${config} -E ${gpu.folder}/inetd.log` },
    });
    const transport = await open('gpu', environment);
    expect((await transport.exec('echo there')).stdout).toBe('there\n');
  });
});
