import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connectHost } from '../../src/remote/connectHost';
import type { FollowerState } from '../../src/remote/attach/followerState';
import type { AttachmentListener, HostClient } from '../../src/remote/hostClient';
import { followSession, systemClock } from '../../src/remote/attach/sessionFollower';
import { startSshd, type Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy';
import { environmentFor, fakeSpec, newSessionId, never, noProgress, refusalOf } from './hostFixture';
import { quick } from './linkFixture';

const cleanups = cleanupsAfterEach();

/** A server behind a relay; the client's configuration goes through the relay. */
async function relayedHost(): Promise<{
  sshd: Sshd;
  proxy: TcpProxy;
  connect: (signal?: AbortSignal) => Promise<HostClient>;
}> {
  const sshd = await startSshd();
  cleanups.push(() => sshd.stop());
  const proxy = await startTcpProxy({ port: sshd.port });
  cleanups.push(() => proxy.close());
  const config = (await readFile(sshd.sshConfigPath, 'utf8')).replace(/Port \d+/, `Port ${proxy.port}`);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(sshd.sshConfigPath, config);
  const environment = environmentFor(sshd);
  const connect = async (signal: AbortSignal = never) => {
    const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, signal, {
      attachTimes: quick,
    });
    cleanups.push(() => client.close());
    return client;
  };
  return { sshd, proxy, connect };
}

/** Collects what an attachment says, and waits for it. */
class Listener implements AttachmentListener {
  readonly seqs: number[] = [];
  readonly verdicts: unknown[] = [];
  lostBecause: Error | undefined;
  private readonly watchers = new Set<() => void>();
  onEntries(entries: readonly unknown[]): void {
    for (const entry of entries as { seq: number }[]) this.seqs.push(entry.seq);
    this.tell();
  }
  onVerdict(verdict: unknown): void {
    this.verdicts.push(verdict);
    this.tell();
  }
  onLost(reason: Error): void {
    this.lostBecause = reason;
    this.tell();
  }
  private tell() {
    for (const watcher of this.watchers) watcher();
  }
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const watcher = () => {
        if (!condition()) return;
        this.watchers.delete(watcher);
        resolve();
      };
      this.watchers.add(watcher);
      watcher();
    });
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe('an attachment', () => {
  it('replays from where it is told, acknowledges, answers requests, and ends when closed', async () => {
    const { sshd, connect } = await relayedHost();
    const client = await connect();
    const id = newSessionId();
    await client.start(fakeSpec(id, 5_000), noProgress, never);
    const listener = new Listener();
    const attachment = await client.attach(id, 1_001, listener);
    expect(attachment.verdict).toEqual({ state: 'live', pid: 1 });
    // 64 KB of credit are far less than all of it: without acknowledgements it would not arrive.
    await listener.until(() => listener.seqs.length === 4_000);
    expect(listener.seqs).toEqual(upTo(5_000).slice(1_000));
    expect(await attachment.readCandidate('a'.repeat(64))).toBe(`candidate ${'a'.repeat(64)}`);
    await expect(attachment.readState('a'.repeat(64))).rejects.toMatchObject({
      code: 'runner-failed',
      message: 'No such thing.',
      advice: 'Ask for another.',
    });
    await attachment.stop({ now: false });
    await listener.until(() => listener.verdicts.length === 1);
    expect(attachment.verdict).toEqual({ state: 'exited', reason: 'finished' });
    await attachment.close();
    expect(listener.lostBecause).toBeUndefined();
    const acks = (await readFile(join(sshd.home, '.ttt-discover/sessions', id, 'acks'), 'utf8'))
      .trim()
      .split('\n');
    expect(acks.at(-1)).toBe('5000');
  });

  it('of a session that is not there fails in the words of the runner', async () => {
    const { connect } = await relayedHost();
    const client = await connect();
    const id = newSessionId();
    const refusal = await refusalOf(client.attach(id, 1, new Listener()));
    expect(refusal).toMatchObject({
      code: 'runner-failed',
      message: `There is no session ${id} on this host.`,
      advice: 'It may have been removed.',
    });
  });

  it('can be had twice at once, and each follows by itself', async () => {
    const { connect } = await relayedHost();
    const client = await connect();
    const id = newSessionId();
    await client.start(fakeSpec(id, 500), noProgress, never);
    const listeners = [new Listener(), new Listener()];
    const attachments = await Promise.all(listeners.map((listener) => client.attach(id, 1, listener)));
    for (const listener of listeners) {
      await listener.until(() => listener.seqs.length === 500);
      expect(listener.seqs).toEqual(upTo(500));
    }
    await Promise.all(attachments.map((attachment) => attachment.close()));
  });

  it('gives its session back: many in a row work on one connection', async () => {
    const { connect } = await relayedHost();
    const client = await connect();
    const id = newSessionId();
    await client.start(fakeSpec(id, 10), noProgress, never);
    for (let count = 0; count < 12; count++) {
      const listener = new Listener();
      const attachment = await client.attach(id, 1, listener);
      await listener.until(() => listener.seqs.length === 10);
      await attachment.close();
    }
  });

  it('is lost when the connection is reset', async () => {
    const { proxy, connect } = await relayedHost();
    const client = await connect();
    const closed = new Promise((resolve) => client.onClosed(resolve));
    const id = newSessionId();
    await client.start(fakeSpec(id, 10), noProgress, never);
    const listener = new Listener();
    await client.attach(id, 1, listener);
    proxy.reset();
    await listener.until(() => listener.lostBecause !== undefined);
    expect(listener.lostBecause).toMatchObject({ code: 'lost' });
    expect(await closed).toMatchObject({ code: 'lost' });
    expect((await refusalOf(client.list(never))).code).toBe('lost');
  });

  it('is lost when the link goes silent, and the dead connection is given up', async () => {
    const { proxy, connect } = await relayedHost();
    const client = await connect();
    const closed = new Promise((resolve) => client.onClosed(resolve));
    const id = newSessionId();
    await client.start(fakeSpec(id, 10), noProgress, never);
    const listener = new Listener();
    await client.attach(id, 1, listener);
    proxy.blackHole();
    await listener.until(() => listener.lostBecause !== undefined);
    expect(listener.lostBecause).toMatchObject({ code: 'lost' });
    expect(await closed).toMatchObject({ code: 'lost' });
  });

  it('that goes silent alone does not take the connection with it', async () => {
    const { connect } = await relayedHost();
    const client = await connect();
    const id = newSessionId();
    await client.start(fakeSpec(id, 10, 'mute'), noProgress, never);
    const listener = new Listener();
    const attachment = await client.attach(id, 1, listener);
    await attachment.pause().catch(noProgress);
    await listener.until(() => listener.lostBecause !== undefined);
    expect((await client.list(never)).map(({ sessionId }) => sessionId)).toEqual([id]);
  });
});

describe('a command', () => {
  it('that is cancelled ends on the host too', async () => {
    const { sshd, connect } = await relayedHost();
    const client = await connect();
    const controller = new AbortController();
    const evaluation = client.evaluate(
      fakeSpec(newSessionId(), 1),
      'hang',
      () => controller.abort(),
      controller.signal,
    );
    expect((await refusalOf(evaluation)).code).toBe('cancelled');
    const pid = Number(await readFile(join(sshd.home, '.ttt-discover/evaluate.pid'), 'utf8'));
    await ended(pid);
  });
});

/** Looks until the process is gone; the test's own time limit ends a wait in vain. */
async function ended(pid: number): Promise<void> {
  for (;;) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State:\tZ');
    if (/^State:\s+[ZX]/m.test(status)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('following over a link that is cut', () => {
  it('takes 20 resets in mid-replay and delivers every event once, in order', async () => {
    const { proxy, connect } = await relayedHost();
    const total = 20_000;
    const id = newSessionId();
    const first = await connect();
    await first.start(fakeSpec(id, total), noProgress, never);
    await first.close();

    const seqs: number[] = [];
    const states: FollowerState['state'][] = [];
    let cuts = 0;
    let done: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (done = resolve));
    const follower = followSession(
      id,
      connect,
      {
        onEntries(entries) {
          for (const entry of entries as { seq: number }[]) seqs.push(entry.seq);
          if (cuts < 20 && seqs.length > (cuts + 1) * 900) {
            cuts++;
            proxy.reset();
          }
          if (seqs.length >= total) done();
        },
        onState: ({ state }) => states.push(state),
      },
      { clock: { ...systemClock, random: () => 0 } },
    );
    follower.start();
    await finished;
    expect(cuts).toBe(20);
    expect(states.filter((state) => state === 'connected')).toHaveLength(21);
    expect(seqs).toEqual(upTo(total));
    await follower.stop();
  });

  it('comes back by itself after a link that swallowed everything', async () => {
    const { proxy, connect } = await relayedHost();
    const id = newSessionId();
    const first = await connect();
    await first.start(fakeSpec(id, 100), noProgress, never);
    await first.close();
    let connected: () => void = () => undefined;
    let lost: () => void = () => undefined;
    const seqs: number[] = [];
    const follower = followSession(
      id,
      connect,
      {
        onEntries: (entries) => {
          for (const entry of entries as { seq: number }[]) seqs.push(entry.seq);
        },
        onState: ({ state }) => {
          if (state === 'connected') connected();
          if (state === 'lost') lost();
        },
      },
      { clock: { ...systemClock, random: () => 0 } },
    );
    const atFirst = new Promise<void>((resolve) => (connected = resolve));
    follower.start();
    await atFirst;
    const gone = new Promise<void>((resolve) => (lost = resolve));
    proxy.blackHole();
    await gone;
    const again = new Promise<void>((resolve) => (connected = resolve));
    proxy.restore();
    await again;
    expect(follower.state.state).toBe('connected');
    await follower.stop();
    expect(new Set(seqs).size).toBe(seqs.length);
  });
});
