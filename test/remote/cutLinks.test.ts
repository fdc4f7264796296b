import { describe, expect, it } from 'vitest';
import { followSession, systemClock } from '../../src/remote/attach/sessionFollower';
import { RemoteError } from '../../src/remote/hostClient';
import { openSshTransport } from '../../src/remote/openTransport';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, fakeSpec, never, newSessionId, noProgress } from './hostFixture';
import { relayedServer, type RelayedServer, type SshClient } from './linkFixture';

const cleanups = cleanupsAfterEach();
const seed = 20_260_801;

/** Numbers from 0 to 1 that are the same in every run. */
function* chance(state = seed): Generator<number, never> {
  for (;;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

/** So many places from `first` to `last`, one by chance in each equal part. */
function spread(first: number, last: number, count: number): number[] {
  const random = chance();
  const part = (last - first) / count;
  return Array.from({ length: count }, (_, index) =>
    Math.floor(first + (index + random.next().value) * part),
  );
}

/** The place before, at and after one. */
const around = (place: number) => [place - 1, place, place + 1];

describe.each(['ssh2', 'system'] as const)('a connection (%s)', (sshTransport) => {
  const openOnce = async ({ sshd }: RelayedServer) => {
    const environment = { ...environmentFor(sshd), sshTransport };
    const { transport } = await openSshTransport(sshd.alias, environment, never, noProgress);
    try {
      expect((await transport.exec('echo in')).stdout).toBe('in\n');
    } finally {
      await transport.close();
    }
  };

  it('that is cut anywhere in the handshake fails as a link does, and leaves nothing behind', async () => {
    const host = await relayedServer(cleanups);
    await openOnce(host);
    const ends = host.proxy.fromServer;
    const total = ends.at(-1) ?? 0;
    expect(total).toBeGreaterThan(1_000);
    const places = [
      0,
      1,
      ...around(ends[Math.floor(ends.length / 3)] ?? 0),
      ...spread(2, total * 0.75, sshTransport === 'ssh2' ? 16 : 8),
    ];
    for (const bytes of places) {
      host.proxy.cutAfterBytes(bytes);
      const failure: unknown = await openOnce(host).catch((error: unknown) => error);
      if (!(failure instanceof RemoteError)) throw new Error(`cut after ${bytes} bytes: ${String(failure)}`);
      expect([bytes, failure.message, failure.isTransient]).toEqual([bytes, failure.message, true]);
    }
    host.proxy.cutAfterBytes(undefined);
    await openOnce(host);
    await expect.poll(() => host.proxy.open).toBe(0);
    await expect.poll(() => host.sshd.sessions()).toEqual([]);
  });
});

const events = 400;

/** Follows a session to its end; each connection is as the relay makes it. */
async function followAll(
  id: string,
  host: RelayedServer,
  client: SshClient,
  onConnect: () => void,
): Promise<number[]> {
  const seqs: number[] = [];
  let stop = () => Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    const follower = followSession(
      id,
      (signal) => {
        onConnect();
        return host.connect(client, { signal });
      },
      {
        onEntries(entries) {
          for (const entry of entries as { seq: number }[]) seqs.push(entry.seq);
          if (seqs.length >= events) resolve();
        },
        onState(state) {
          if (state.state === 'lost' && state.retryAtMs === undefined) reject(state.reason);
        },
      },
      { clock: { ...systemClock, random: () => 0 } },
    );
    stop = () => follower.stop();
    follower.start();
  });
  await stop();
  return seqs;
}

describe.each([
  ['ssh2', 7],
  ['system', 2],
] as const)('events over a connection (%s)', (client, count) => {
  it('that is cut in the midst of them or between two come once and in order', async () => {
    const host = await relayedServer(cleanups);
    const id = newSessionId();
    const first = await host.connect(client);
    await first.start(fakeSpec(id, events), noProgress, never);
    await first.close();
    const whole = Array.from({ length: events }, (_, index) => index + 1);
    expect(await followAll(id, host, client, noProgress)).toEqual(whole);
    const last = host.proxy.fromServer.at(-1) ?? 0;
    // The events are the last that came, and more than this; one piece of many ended here.
    const boundary = host.proxy.fromServer.findLast((end) => end < last - 2_000) ?? 0;
    const places = [...around(boundary), ...spread(last - 30_000, last - 1_000, 4)];
    for (const bytes of places.slice(-count)) {
      let connections = 0;
      host.proxy.cutAfterBytes(bytes);
      const seqs = await followAll(id, host, client, () => {
        connections++;
        if (connections === 2) host.proxy.cutAfterBytes(undefined);
      });
      expect([bytes, seqs]).toEqual([bytes, whole]);
      expect(connections).toBeGreaterThanOrEqual(2);
      host.proxy.cutAfterBytes(undefined);
    }
  });
});
