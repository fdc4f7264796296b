import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSshTransport } from '../../src/remote/openTransport';
import type { Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, fakeSpec, never, newSessionId, noProgress, refusalOf } from './hostFixture';
import { quick, relayedServer, untilLost } from './linkFixture';

const cleanups = cleanupsAfterEach();
const { server } = cleanups;

/** What serves the connections, without what runs in them. */
async function signalSessions(sshd: Sshd, signal: NodeJS.Signals): Promise<void> {
  const serving = (await sshd.sessions()).filter(({ name }) => name === 'sshd');
  expect(serving.length).toBeGreaterThan(0);
  for (const { pid } of serving) process.kill(pid, signal);
}

describe.each(['ssh2', 'system'] as const)('a server (%s)', (client) => {
  it('that freezes and thaws goes on where it was', async () => {
    const host = await relayedServer(cleanups);
    const { sshd } = host;
    const connection = await host.connect(client);
    const id = newSessionId();
    await connection.start(fakeSpec(id, 10), noProgress, never);
    const { listener } = untilLost();
    const attachment = await connection.attach(id, 1, listener);
    await signalSessions(sshd, 'SIGSTOP');
    const asked = attachment.readCandidate('a'.repeat(64));
    const listed = connection.list(never);
    await signalSessions(sshd, 'SIGCONT');
    expect(await asked).toBe(`candidate ${'a'.repeat(64)}`);
    expect(await listed).toHaveLength(1);
  });

  it('that freezes for long is lost, and has nothing left of the connection when it thaws', async () => {
    const host = await relayedServer(cleanups);
    const { sshd } = host;
    const connection = await host.connect(client, { attachTimes: quick });
    const closed = new Promise((resolve) => connection.onClosed(resolve));
    const id = newSessionId();
    await connection.start(fakeSpec(id, 10), noProgress, never);
    const { listener, lost } = untilLost();
    await connection.attach(id, 1, listener);
    await signalSessions(sshd, 'SIGSTOP');
    expect(await lost).toMatchObject({ code: 'lost' });
    expect(await closed).toMatchObject({ code: 'lost' });
    await connection.close();
    await signalSessions(sshd, 'SIGCONT');
    await expect.poll(() => sshd.sessions(), { timeout: 10_000 }).toEqual([]);
    expect(await (await host.connect(client)).list(never)).toHaveLength(1);
  });

  it('whose process for the connection is killed is lost, and can be called again at once', async () => {
    const host = await relayedServer(cleanups);
    const { sshd } = host;
    const connection = await host.connect(client);
    const id = newSessionId();
    await connection.start(fakeSpec(id, 10), noProgress, never);
    const { listener, lost } = untilLost();
    await connection.attach(id, 1, listener);
    await signalSessions(sshd, 'SIGKILL');
    expect(await lost).toMatchObject({ code: 'lost' });
    expect(await (await host.connect(client)).list(never)).toHaveLength(1);
    // What ran in the session ended with its input.
    await connection.close();
    await expect
      .poll(async () => (await sshd.sessions()).map(({ name }) => name).filter((name) => name !== 'sshd'))
      .toEqual([]);
  });

  it('whose listener is killed keeps its connections, refuses new ones, and takes them when it is back', async () => {
    const host = await relayedServer(cleanups);
    const { sshd } = host;
    const connection = await host.connect(client);
    await sshd.killListener();
    expect(await connection.list(never)).toEqual([]);
    expect(await refusalOf(host.connect(client))).toMatchObject({ code: 'unreachable', isTransient: true });
    await sshd.restart();
    expect(await (await host.connect(client)).list(never)).toEqual([]);
    expect(await connection.list(never)).toEqual([]);
  });

  it('that goes away before a command has begun is lost', async () => {
    const shell = join((await server()).folder, 'shell');
    await writeFile(shell, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
    const sshd = await server({ shell });
    const environment = { ...environmentFor(sshd), sshTransport: client };
    const { transport } = await openSshTransport(sshd.alias, environment, never, noProgress);
    cleanups.push(() => transport.close());
    const closed = new Promise((resolve) => transport.onClosed(resolve));
    const running = refusalOf(transport.exec('echo never'));
    const asleep = async () => (await sshd.sessions()).filter(({ name }) => name === 'sleep');
    await expect.poll(asleep, { timeout: 10_000 }).toHaveLength(1);
    await signalSessions(sshd, 'SIGKILL');
    expect((await running).code).toBe('lost');
    expect(await closed).toMatchObject({ code: 'lost' });
  });
});
