import { describe, expect, it } from 'vitest';
import { cleanupsAfterEach } from './cleanups';
import { fakeSpec, never, newSessionId, noProgress, refusalOf } from './hostFixture';
import { quick, relayedServer, untilLost } from './linkFixture';

const cleanups = cleanupsAfterEach();

describe.each(['ssh2', 'system'] as const)('a link (%s)', (client) => {
  it.each([
    ['is reset', (proxy) => proxy.reset()],
    ['is ended by the host one way', (proxy) => proxy.halfClose('client')],
    ['is ended towards the host one way', (proxy) => proxy.halfClose('server')],
    ['swallows everything', (proxy) => proxy.blackHole()],
  ] as const satisfies readonly (readonly [
    string,
    (proxy: Awaited<ReturnType<typeof relayedServer>>['proxy']) => void,
  ])[])('that %s is told as lost, and nothing hangs', async (_what, breakIt) => {
    const host = await relayedServer(cleanups);
    const connection = await host.connect(client, { attachTimes: quick });
    const closed = new Promise((resolve) => connection.onClosed(resolve));
    const id = newSessionId();
    await connection.start(fakeSpec(id, 10), noProgress, never);
    const { listener, lost } = untilLost();
    await connection.attach(id, 1, listener);
    breakIt(host.proxy);
    expect(await lost).toMatchObject({ code: 'lost', isTransient: true });
    expect(await closed).toMatchObject({ code: 'lost' });
    expect((await refusalOf(connection.list(never))).code).toBe('lost');
    await connection.close();
    // The next one is as good as the first.
    host.proxy.restore();
    const again = await host.connect(client);
    expect((await again.list(never)).map(({ sessionId }) => sessionId)).toEqual([id]);
  });

  it.each([
    ['far away', { delayMs: 75 }],
    ['slow', { bytesPerSecond: 60_000, delayMs: 10 }],
  ] as const)('to a host that is %s is borne with', async (_what, link) => {
    const host = await relayedServer(cleanups, link);
    const connection = await host.connect(client);
    const id = newSessionId();
    await connection.start(fakeSpec(id, 600), noProgress, never);
    const seqs: number[] = [];
    await new Promise<void>((resolve, reject) => {
      const onEntries = (entries: readonly unknown[]) => {
        for (const entry of entries as { seq: number }[]) seqs.push(entry.seq);
        if (seqs.length === 600) resolve();
      };
      connection.attach(id, 1, { onEntries, onVerdict: noProgress, onLost: reject }).catch(reject);
    });
    expect(seqs).toEqual(Array.from({ length: 600 }, (_, index) => index + 1));
  });

  it('that is dead from the beginning is given up, and can be cancelled', async () => {
    const host = await relayedServer(cleanups, {}, { clientConfig: ['  ConnectTimeout 1'] });
    host.proxy.blackHole();
    expect(await refusalOf(host.connect(client))).toMatchObject({ code: 'unreachable', isTransient: true });
    const controller = new AbortController();
    const connecting = refusalOf(host.connect(client, { signal: controller.signal }));
    controller.abort();
    expect((await connecting).code).toBe('cancelled');
  });
});
