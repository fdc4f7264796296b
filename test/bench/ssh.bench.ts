import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { JournalCache } from '../../src/extension/sessions/journalCache';
import { openSessionLink } from '../../src/extension/sessions/sessionLink';
import { SessionRegistry } from '../../src/extension/sessions/sessionRegistry';
import { SessionStore } from '../../src/extension/sessions/sessionStore';
import { parseJournalValue } from '../../src/protocol/journalEntry';
import { followSession, type SessionFollower } from '../../src/remote/attach/sessionFollower';
import type { FollowerState } from '../../src/remote/attach/followerState';
import { connectHost } from '../../src/remote/connectHost';
import type { HostClient } from '../../src/remote/hostClient';
import { repositoryFolder } from '../e2e/support/editor';
import { memoryMemento } from '../extension/support/memento';
import { cleanupsAfterEach } from '../remote/cleanups';
import { environmentFor, never, noProgress, toolsWithout } from '../remote/hostFixture';
import { relayedServer, type RelayedServer } from '../remote/linkFixture';
import { median, percentile, report } from './figures';
import { valleySpec } from './valley';

const cleanups = cleanupsAfterEach();
const roundTripsMs = [0, 50];
const warmRounds = 5;
const lossRounds = 5;
const deadRounds = 2;
const measuredEvents = 400;
const deaf = { onEntries: noProgress, onVerdict: noProgress, onLost: noProgress };

interface Host extends Pick<RelayedServer, 'proxy'> {
  /** A new connection with the shipped runner, as the extension makes it. It ends with the test. */
  open(signal?: AbortSignal): Promise<HostClient>;
}

/** A host with Node, or one that is to get it. */
async function hostAt(roundTripMs: number, hasNode = true): Promise<Host> {
  const tools = hasNode ? undefined : await toolsWithout(['node', 'nodejs']);
  if (tools !== undefined) cleanups.push(() => tools.remove());
  const link = { delayMs: roundTripMs / 2 };
  const { sshd, proxy } = await relayedServer(
    cleanups,
    link,
    tools === undefined ? {} : { path: tools.path },
  );
  const runnerBundlePath = join(repositoryFolder, 'dist/runner.cjs');
  const changes = { root: join(sshd.home, 'discover'), runnerBundlePath };
  const environment = environmentFor(sshd, hasNode ? changes : { ...changes, nodeBinary: process.execPath });
  return {
    proxy,
    async open(signal = never) {
      const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, signal);
      cleanups.push(() => client.close());
      return client;
    },
  };
}

/** Starts a session that goes on until the test ends. */
async function startSession(host: Host): Promise<string> {
  const spec = await valleySpec();
  const client = await host.open();
  await client.start(spec, noProgress, never);
  await client.close();
  cleanups.push(async () => {
    // What the test did to its connections is done to them alone.
    const again = await host.open();
    let ended: () => void = () => undefined;
    const end = new Promise<void>((resolve) => (ended = resolve));
    const attachment = await again.attach(spec.sessionId, 1, {
      ...deaf,
      onVerdict: ({ state }) => {
        if (state === 'exited') ended();
      },
    });
    await attachment.stop({ now: true });
    await end;
    await attachment.close();
    await again.close();
  });
  return spec.sessionId;
}

it.each(roundTripsMs)('a first and later connections at a round trip of %d ms', async (roundTripMs) => {
  const bare = await hostAt(roundTripMs, false);
  const beganMs = performance.now();
  await bare.open();
  await report({
    name: `first connection, Node uploaded, round trip ${roundTripMs} ms`,
    value: (performance.now() - beganMs) / 1000,
    unit: 's',
  });

  const host = await hostAt(roundTripMs);
  const sessionId = await startSession(host);
  const timesMs: number[] = [];
  for (let round = 0; round < warmRounds; round++) {
    const startMs = performance.now();
    const client = await host.open();
    const attachment = await client.attach(sessionId, 1, deaf);
    timesMs.push(performance.now() - startMs);
    await attachment.close();
    await client.close();
  }
  await report({
    name: `connect and attach, host ready, round trip ${roundTripMs} ms (median of ${warmRounds})`,
    value: median(timesMs),
    unit: 'ms',
  });
});

it.each(roundTripsMs)('events at a round trip of %d ms', async (roundTripMs) => {
  const host = await hostAt(roundTripMs);
  const client = await host.open();
  const sessionId = await startSession(host);
  const folder = await mkdtemp(join(tmpdir(), 'ttt-bench-store-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const latenciesMs: number[] = [];
  let contactMs = Infinity;
  let measured: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (measured = resolve));
  const store = new SessionStore({
    registry: new SessionRegistry(folder),
    cache: new JournalCache(folder),
    windowMemory: memoryMemento(),
    openLink: (request) =>
      openSessionLink(
        {
          ...request,
          async onEntries(values) {
            await request.onEntries(values);
            // Both clocks are this machine's. What was written before there was contact says nothing of the link.
            const nowMs = Date.now();
            for (const value of values) {
              const parsed = parseJournalValue(value);
              if (parsed.kind === 'entry' && parsed.entry.t > contactMs)
                latenciesMs.push(nowMs - parsed.entry.t);
            }
            if (latenciesMs.length >= measuredEvents) measured();
          },
          onConnection(connection) {
            request.onConnection(connection);
            if (connection.state === 'connected') contactMs = Math.min(contactMs, Date.now());
          },
        },
        { connect: () => Promise.resolve(client) },
        noProgress,
      ),
    nowMs: Date.now,
    warn: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  const target = { kind: 'ssh', alias: 'loopback' } as const;
  await store.add({ id: sessionId, target, title: 'Valley', createdAtMs: Date.now() }, '');
  await done;
  expect(store.get(sessionId)?.snapshot.lastSeq).toBeGreaterThanOrEqual(measuredEvents);
  store.dispose();
  for (const share of [50, 95]) {
    await report({
      name: `an event from the runner to the store, round trip ${roundTripMs} ms (p${share} of ${measuredEvents})`,
      value: percentile(latenciesMs, share),
      unit: 'ms',
    });
  }
});

/** Follows a session as the extension does, and waits for what becomes of the link. */
class Followed {
  private readonly watchers = new Set<(state: FollowerState) => void>();
  readonly follower: SessionFollower;

  constructor(sessionId: string, host: Host) {
    const onState = (state: FollowerState) => {
      for (const watcher of this.watchers) watcher(state);
    };
    this.follower = followSession(sessionId, (signal) => host.open(signal), {
      onEntries: noProgress,
      onState,
    });
    this.follower.start();
  }

  until(wanted: FollowerState['state']): Promise<void> {
    return new Promise((resolve) => {
      const watcher = ({ state }: FollowerState) => {
        if (state !== wanted) return;
        this.watchers.delete(watcher);
        resolve();
      };
      this.watchers.add(watcher);
      watcher(this.follower.state);
    });
  }
}

/** How long it takes from what is done to the link until the follower is in this state. */
async function timesUntil(
  state: FollowerState['state'],
  rounds: number,
  harm: (host: Host) => void,
): Promise<number[]> {
  const host = await hostAt(0);
  const sessionId = await startSession(host);
  const timesMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const followed = new Followed(sessionId, host);
    await followed.until('connected');
    const beganMs = performance.now();
    harm(host);
    await followed.until('lost');
    await followed.until(state);
    timesMs.push(performance.now() - beganMs);
    await followed.follower.stop();
    host.proxy.restore();
  }
  return timesMs;
}

it('a link that dies in silence', async () => {
  const timesMs = await timesUntil('lost', deadRounds, ({ proxy }) => proxy.blackHole());
  await report({
    name: `a dead link is found out (mean of ${deadRounds})`,
    value: timesMs.reduce((sum, ms) => sum + ms, 0) / timesMs.length / 1000,
    unit: 's',
  });
});

it('a link that is reset', async () => {
  const timesMs = await timesUntil('connected', lossRounds, ({ proxy }) => proxy.reset());
  await report({
    name: `followed again after a reset, with the wait of chance up to 1 s (median of ${lossRounds})`,
    value: median(timesMs),
    unit: 'ms',
  });
});
