import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../src/domain/session/events';
import { parseJournalValue } from '../../src/protocol/journalEntry';
import type { SessionSpec } from '../../src/protocol/sessionSpec';
import { connectHost } from '../../src/remote/connectHost';
import { linkModel } from '../../src/remote/forward/modelLink';
import type { HostClient, HostTarget } from '../../src/remote/hostClient';
import { ModelLink } from '../../src/runner/host/modelLink';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import type { TransportSetting } from '../../src/remote/transportChoice';
import { ChatStub, refuse, say, type Reply } from '../policy/openai/chatStub';
import { BuiltRunner } from '../runner/support/builtRunner';
import { filesWith } from '../support/filesWith';
import type { Sshd } from '../support/sshd';
import { startTcpProxy } from '../support/tcpProxy';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, newSessionId, noProgress } from './hostFixture';

const run = promisify(execFile);
const cleanups = cleanupsAfterEach();
const ownKey = 'sk-CANARY-of-the-editor';
const program = 'Better:\n```sh\nx=41\necho $x\n```\n';

let built: BuiltRunner;
let server: ChatStub;
let answer: () => Reply | Promise<Reply>;
beforeAll(async () => {
  built = await BuiltRunner.build();
  server = await ChatStub.start(({ headers }) =>
    headers.authorization === `Bearer ${ownKey}` ? answer() : refuse(401, { message: 'Who is that?' }),
  );
});
afterAll(async () => {
  await server.stop();
  await built.dispose();
});
beforeEach(() => {
  server.calls.length = 0;
  answer = () => say(program);
});

const isRoot = process.getuid?.() === 0;

/** A network of its own, as another machine has: nothing listens there, and this machine's loopback is not reached. */
async function otherNetwork(): Promise<ChildProcess> {
  const holder = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo up && exec sleep 600'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  cleanups.push(async () => {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
  });
  await once(holder.stdout, 'data');
  return holder;
}

/** A host that reaches nothing of this side, and whose sshd forbids every forwarding. */
async function islandHost(): Promise<{ readonly sshd: Sshd; readonly network: ChildProcess }> {
  const sshd = await cleanups.server({ config: ['AllowTcpForwarding no', 'AllowStreamLocalForwarding no'] });
  const network = await otherNetwork();
  const conf = readdirSync(sshd.folder).find((name) => name.endsWith('.conf')) ?? '';
  const command = `nsenter -t ${network.pid ?? 0} -n /usr/sbin/sshd -i -f ${join(sshd.folder, conf)}`;
  const text = await readFile(sshd.sshConfigPath, 'utf8');
  await writeFile(
    sshd.sshConfigPath,
    text.replace('Host loopback\n', `Host loopback\n  ProxyCommand ${command}\n`),
  );
  return { sshd, network };
}

async function connected(
  sshd: Sshd,
  target: HostTarget = { kind: 'ssh', alias: 'loopback' },
  sshTransport: TransportSetting = 'ssh2',
): Promise<HostClient> {
  const root = target.kind === 'local' ? built.root : join(sshd.home, '.ttt-discover');
  const environment = environmentFor(sshd, { runnerBundlePath: built.bundlePath, root });
  const client = await connectHost(target, { ...environment, sshTransport }, never);
  cleanups.push(() => client.close());
  return client;
}

function specOf(steps = 2): SessionSpec {
  return built.specOf(built.problemFolder, {
    policy: 'openai',
    method: 'puct',
    steps,
    groups: 1,
    groupSize: 3,
    model: { server: server.baseUrl, model: 'stub-model', reachedFrom: 'editor' },
  });
}

/** What an editor does for a session: hands its requests on, and lets it go on when it waits for that. */
class Editor {
  readonly events: SessionEvent[] = [];
  private readonly looks = new Set<() => void>();

  constructor(
    private readonly client: HostClient,
    private readonly sessionId: string,
  ) {}

  serve(): void {
    const link = linkModel({
      connect: () => this.client.connectTo({ modelOfSession: this.sessionId }),
      server: server.baseUrl,
      key: () => Promise.resolve(ownKey),
      onReady: () => undefined,
      log: () => undefined,
    });
    cleanups.push(() => {
      link.close();
      return Promise.resolve();
    });
  }

  async follow(from = 1) {
    const attachment = await this.client.attach(this.sessionId, from, {
      onEntries: (entries) => {
        for (const value of entries) {
          const parsed = parseJournalValue(value);
          if (parsed.kind === 'entry') this.events.push(parsed.entry.event);
        }
        for (const look of this.looks) look();
      },
      onVerdict: noProgress,
      onLost: noProgress,
    });
    cleanups.push(() => attachment.close());
    return attachment;
  }

  until(type: SessionEvent['type']): Promise<SessionEvent> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.events.find((event) => event.type === type);
        if (found === undefined) return;
        this.looks.delete(look);
        resolve(found);
      };
      this.looks.add(look);
      look();
    });
  }
}

const finished = { type: 'session.finished', reason: 'steps' };
const ways: readonly TransportSetting[] = ['ssh2', 'system'];

describe.runIf(isRoot)('a model server that the host cannot reach', () => {
  it.each(ways)('is asked through the editor, where sshd forbids forwarding too (%s)', async (way) => {
    const { sshd, network } = await islandHost();
    const client = await connected(sshd, undefined, way);
    const { port } = new URL(server.baseUrl);
    const script = `require('node:net').connect(${port}, '127.0.0.1').on('error', (e) => console.log(e.code))`;
    const args = ['-t', String(network.pid), '-n', process.execPath, '-e', script];
    expect((await run('nsenter', args)).stdout, 'the host on its own').toBe('ECONNREFUSED\n');

    const spec = specOf();
    const editor = new Editor(client, spec.sessionId);
    await client.start(spec, noProgress, never);
    await editor.follow();
    editor.serve();
    expect(await editor.until('session.finished')).toMatchObject(finished);
    expect(editor.events.filter(({ type }) => type === 'session.paused')).toEqual([]);
    expect(server.calls).toHaveLength(6);
    expect(filesWith(join(sshd.home, '.ttt-discover'), ownKey), 'the key stays with the editor').toEqual([]);
  });
});

describe('the way to a model server that the editor reaches', () => {
  it.each([['ssh2', ''] as const, ['system', ''] as const, ['ssh2', 'MaxSessions 1'] as const])(
    'carries 40 MB each way, and an answer piece by piece beside it (%s %s)',
    async (way, line) => {
      const sshd = await cleanups.server(line === '' ? {} : { config: [line] });
      const client = await connected(sshd, undefined, way);
      const pieces: ((piece: string) => void)[] = [];
      const upstream = createServer((request, response) => {
        if (request.method === 'POST') request.pipe(response);
        else {
          response.flushHeaders();
          pieces.push((piece) => response.write(piece));
        }
      });
      upstream.listen(0, '127.0.0.1');
      await once(upstream, 'listening');
      cleanups.push(async () => {
        upstream.closeAllConnections();
        await new Promise((resolve) => upstream.close(resolve));
      });
      const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
      const sessionId = newSessionId();
      const { modelSocketPath: socketPath } = sessionFolder(join(sshd.home, '.ttt-discover'), sessionId);
      const end = await ModelLink.open({ socketPath, server: base, log: noProgress });
      cleanups.push(() => end.close());
      const editor = linkModel({
        connect: () => client.connectTo({ modelOfSession: sessionId }),
        server: base,
        key: () => Promise.resolve(undefined),
        onReady: noProgress,
        log: noProgress,
      });
      cleanups.push(() => {
        editor.close();
        return Promise.resolve();
      });
      await end.attached(never);
      const headers = { authorization: `Bearer ${await end.endpoint.key()}` };
      const body = randomBytes(40 * 1024 * 1024);
      const big = fetch(end.endpoint.url, { method: 'POST', headers, body });
      const reader = (await fetch(end.endpoint.url, { headers })).body?.getReader();
      for (const piece of ['one', 'two', 'three']) {
        pieces[0]?.(piece);
        expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(piece);
      }
      await reader?.cancel();
      expect(Buffer.from(await (await big).arrayBuffer()).equals(body)).toBe(true);
    },
  );
});

describe('a session whose model server is reached from the editor', () => {
  it.each([['ssh2', 'MaxSessions 1'] as const, ['local', ''] as const])(
    'works where little is allowed (%s %s)',
    async (kind, line) => {
      const sshd = await cleanups.server(line === '' ? {} : { config: [line] });
      const client = await connected(sshd, kind === 'local' ? { kind } : undefined);
      const spec = specOf(1);
      const editor = new Editor(client, spec.sessionId);
      await client.start(spec, noProgress, never);
      await editor.follow();
      editor.serve();
      expect(await editor.until('session.finished')).toMatchObject(finished);
    },
  );

  it('says that it waits while no editor is attached, and goes on with one', async () => {
    const sshd = await cleanups.server();
    const client = await connected(sshd);
    const spec = specOf(1);
    const editor = new Editor(client, spec.sessionId);
    await client.start(spec, noProgress, never);
    const attachment = await editor.follow();
    const paused = await editor.until('session.paused');
    expect(paused).toMatchObject({ reason: 'error', code: 'needs-endpoint' });
    expect(JSON.stringify(paused)).toContain(`${server.baseUrl} is reached from the editor`);
    editor.serve();
    await attachment.resume();
    expect(await editor.until('session.finished')).toMatchObject(finished);
    expect(server.calls).toHaveLength(3);
  });

  it('asks again what a lost connection cut in the middle, and loses nothing', async () => {
    const sshd = await cleanups.server();
    const proxy = await startTcpProxy({ port: sshd.port });
    cleanups.push(() => proxy.close());
    const config = await readFile(sshd.sshConfigPath, 'utf8');
    await writeFile(sshd.sshConfigPath, config.replace(/Port \d+/, `Port ${proxy.port}`));
    let begun: () => void = () => undefined;
    const streaming = new Promise<void>((resolve) => (begun = resolve));
    let cut = false;
    const left: Promise<void>[] = [];
    answer = () =>
      cut
        ? say(program)
        : (response, call) => {
            left.push(call.left);
            response.writeHead(200, { 'content-type': 'text/event-stream' });
            response.write('data: {"choices":[{"delta":{"content":"```sh\\nx=4"}}]}\n\n', begun);
          };
    const client = await connected(sshd);
    const spec = specOf(1);
    const editor = new Editor(client, spec.sessionId);
    await client.start(spec, noProgress, never);
    await editor.follow();
    editor.serve();
    await streaming;
    const lost = new Promise((resolve) => client.onClosed(resolve));
    cut = true;
    proxy.reset();
    await lost;
    await Promise.all(left);

    const again = new Editor(await connected(sshd), spec.sessionId);
    again.serve();
    await again.follow();
    expect(await again.until('session.finished')).toMatchObject(finished);
    const values = again.events.flatMap((event) =>
      event.type === 'candidate.evaluated' && event.outcome.kind === 'valid' ? [event.outcome.value] : [],
    );
    // The initial program, and each of the three once, whole.
    expect(values).toEqual([1024, 1, 1, 1]);
    expect(again.events.filter(({ type }) => type === 'session.paused')).toEqual([]);
  });
});
