import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectHost } from '../../src/remote/connectHost';
import { openLocalPort } from '../../src/remote/forward/localPort';
import { ownerIn } from '../../src/remote/forward/peerUser';
import type { HostClient, HostTarget } from '../../src/remote/hostClient';
import type { TransportSetting } from '../../src/remote/transportChoice';
import { BuiltRunner } from '../runner/support/builtRunner';
import { freePort } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never } from './hostFixture';

const cleanups = cleanupsAfterEach();
let built: BuiltRunner;
beforeAll(async () => {
  built = await BuiltRunner.build();
});
afterAll(() => built.dispose());

async function connected(
  config: readonly string[],
  target: HostTarget = { kind: 'ssh', alias: 'loopback' },
  sshTransport: TransportSetting = 'ssh2',
): Promise<HostClient> {
  const sshd = await cleanups.server({ config });
  const root = join(sshd.home, '.ttt-discover');
  const environment = environmentFor(sshd, { runnerBundlePath: built.bundlePath, root });
  const client = await connectHost(target, { ...environment, sshTransport }, never);
  cleanups.push(() => client.close());
  return client;
}

async function serving(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

async function forwarded(client: HostClient, port: number, preferredPort = 0) {
  const troubles: string[] = [];
  const local = await openLocalPort({
    connect: () => client.connectTo({ port }),
    preferredPort,
    onTrouble: (message) => troubles.push(message),
  });
  cleanups.push(() => local.close());
  return { local, troubles };
}

const page = () =>
  serving(
    createHttpServer((request, response) => {
      response.setHeader('connection', 'close').end(`page ${request.url}`);
    }),
  );

const noForwarding = ['AllowTcpForwarding no', 'PermitOpen none'];
const places: readonly (readonly [string, readonly string[], HostTarget | undefined, TransportSetting])[] = [
  ['by ssh2 where sshd forbids forwarding', noForwarding, undefined, 'ssh2'],
  ['by the ssh program where sshd forbids forwarding', noForwarding, undefined, 'system'],
  ['over one session', ['MaxSessions 1'], undefined, 'ssh2'],
  ['on this machine', [], { kind: 'local' }, 'ssh2'],
];

describe('a port of a host', () => {
  it.each(places)('is reached from here %s', async (_words, config, target, transport) => {
    const client = await connected(config, target, transport);
    const { local, troubles } = await forwarded(client, await page());
    const answers = await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        (await fetch(`http://127.0.0.1:${local.port}/${index}`)).text(),
      ),
    );
    expect(answers).toEqual(Array.from({ length: 20 }, (_, index) => `page /${index}`));
    expect(troubles).toEqual([]);
  });

  it('carries what is half closed, to the last byte', async () => {
    const client = await connected([]);
    const sent = randomBytes(3_000_001);
    const echo = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    const { local } = await forwarded(client, await serving(echo));
    const socket = connect({ port: local.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.end(sent);
    expect((await buffer(socket)).equals(sent)).toBe(true);
  });

  it('has the same number here where that is free, and another where it is not', async () => {
    const client = await connected([], { kind: 'local' });
    const free = await freePort();
    expect((await forwarded(client, await page(), free)).local.port).toBe(free);
    const other = await forwarded(client, await page(), free);
    expect(other.local.port).not.toBe(free);
    expect(await (await fetch(`http://127.0.0.1:${other.local.port}/x`)).text()).toBe('page /x');
  });

  it('that nobody listens on ends a connection, and says why', async () => {
    const client = await connected([], { kind: 'local' });
    const port = await freePort();
    const { local, troubles } = await forwarded(client, port);
    const socket = connect(local.port, '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'close');
    expect(troubles).toEqual([expect.stringContaining(`nothing answers on port ${port}`)]);
  });

  it('is closed with its connections', async () => {
    const client = await connected([], { kind: 'local' });
    const { local } = await forwarded(client, await serving(createServer((socket) => socket.pipe(socket))));
    const socket = connect(local.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('hello');
    await once(socket, 'data');
    await local.close();
    await once(socket, 'close');
    await expect(fetch(`http://127.0.0.1:${local.port}/`)).rejects.toThrow();
  });

  it.runIf(process.getuid?.() === 0 && process.platform === 'linux')(
    'is not reached by another user of this machine',
    async () => {
      const client = await connected([], { kind: 'local' });
      const { local, troubles } = await forwarded(client, await page());
      const script = `require('node:http').get('http://127.0.0.1:${local.port}/', (a) => console.log(a.statusCode)).on('error', (e) => console.log(e.code))`;
      const as = async (uid: number): Promise<string> =>
        (
          await promisify(execFile)(process.execPath, ['-e', script], { uid, gid: uid, cwd: '/' })
        ).stdout.trim();
      expect(await as(65_534)).toBe('ECONNRESET');
      expect(troubles).toEqual(['A program of another user of this machine (65534) was refused.']);
      expect(await as(0)).toBe('200');
    },
  );

  it('is bound to loopback alone', async () => {
    const client = await connected([], { kind: 'local' });
    const { local } = await forwarded(client, await page());
    const { stdout } = await promisify(execFile)('cat', ['/proc/net/tcp', '/proc/net/tcp6']);
    const hex = local.port.toString(16).toUpperCase().padStart(4, '0');
    const listening = stdout.split('\n').filter((line) => line.includes(`:${hex} `) && / 0A /.test(line));
    expect(listening.map((line) => line.trim().split(/\s+/)[1])).toEqual([`0100007F:${hex}`]);
  });
});

describe("the kernel's table of connections", () => {
  it('tells whose program is at the other end, also over IPv6 sockets', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0100007F:C001 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 3
   3: 0A00000A:C002 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 4
   4: 0100007F:C003 0100007F:1F90 06 00000000:00000000 00:00000000 00000000     0        0 0
   5: 0100007F:C004 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0
   6: 0100007F:C005 0100007F:1F90 04 00000000:00000000 00:00000000 00000000  1005        0 6`;
    expect(ownerIn(table, 0xc001, 8080)).toBe(1001);
    expect(ownerIn(table, 0xc002, 8080), 'no loopback address').toBeUndefined();
    expect(ownerIn(table, 0xc003, 8080), 'over').toBeUndefined();
    expect(ownerIn(table, 0xc004, 8080), 'its program left it').toBeUndefined();
    expect(ownerIn(table, 0xc005, 8080), 'says no more, and listens').toBe(1005);
    const six =
      '0: 0000000000000000FFFF00000100007F:C001 0000000000000000FFFF00000100007F:1F90 01 0:0 0:0 0 1004 0 6';
    expect(ownerIn(six, 0xc001, 8080)).toBe(1004);
  });
});
