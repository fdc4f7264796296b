import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs, type FollowerState } from '../../src/remote/attach/followerState';
import { RemoteError, type AttachmentListener, type HostClient } from '../../src/remote/hostClient';
import { followSession, type FollowerClock } from '../../src/remote/attach/sessionFollower';

/** Time that stands still until it is told to go on. */
class FakeClock implements FollowerClock {
  now = 1_000_000;
  chance = 1;
  private timers: { at: number; callback: () => void }[] = [];
  nowMs = () => this.now;
  random = () => this.chance;
  setTimer(delayMs: number, callback: () => void) {
    const timer = { at: this.now + delayMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }
  get pending() {
    return this.timers.length;
  }
  /** The clock is set, which is no time that passes. */
  step(ms: number) {
    this.now += ms;
    this.timers = this.timers.map((timer) => ({ ...timer, at: timer.at + ms }));
  }
  advance(ms: number) {
    this.now += ms;
    const due = this.timers.filter(({ at }) => at <= this.now);
    this.timers = this.timers.filter(({ at }) => at > this.now);
    for (const { callback } of due) callback();
  }
}

const lost = () => new RemoteError('lost', 'Contact was lost.', 'Wait.');
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A host whose attachments the test speaks through. */
class FakeHost {
  connects = 0;
  /** What each attachment says that the journal has. */
  lastSeq = 0;
  failWith: Error | undefined;
  readonly attachments: { from: number; listener: AttachmentListener; closed: boolean }[] = [];
  get last() {
    return this.attachments.at(-1)!;
  }
  readonly connect = (): Promise<HostClient> => {
    this.connects++;
    if (this.failWith !== undefined) return Promise.reject(this.failWith);
    const unused = () => Promise.reject(new Error('not part of this test'));
    return Promise.resolve({
      target: { kind: 'local' },
      description: 'fake',
      start: unused,
      list: unused,
      examine: unused,
      evaluate: unused,
      verify: unused,
      compare: unused,
      removeEverything: unused,
      connectTo: unused,
      onClosed: () => undefined,
      close: () => Promise.resolve(),
      attach: (_id, from, listener) => {
        const record = { from, listener, closed: false };
        this.attachments.push(record);
        return Promise.resolve({
          lastSeq: this.lastSeq,
          verdict: { state: 'live', pid: 1 },
          pause: unused,
          resume: unused,
          provideSecrets: unused,
          stop: unused,
          note: unused,
          removeNotes: unused,
          readCandidate: unused,
          readState: unused,
          readArtifact: unused,
          close: () => {
            record.closed = true;
            return Promise.resolve();
          },
        });
      },
    });
  };
}

function follow(host: FakeHost, afterSeq = 0) {
  const clock = new FakeClock();
  const seen: number[] = [];
  const states: FollowerState[] = [];
  const follower = followSession(
    'session',
    host.connect,
    {
      onEntries: (entries) => {
        for (const entry of entries as { seq: number }[]) seen.push(entry.seq);
      },
      onState: (state) => states.push(state),
    },
    { clock, afterSeq },
  );
  return { clock, seen, states, follower };
}
const entries = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ seq: from + index }));

describe('following a session', () => {
  it('goes on after the last event that was delivered', async () => {
    const host = new FakeHost();
    const { clock, seen, states, follower } = follow(host, 10);
    follower.start();
    await settle();
    expect(host.last.from).toBe(11);
    await host.last.listener.onEntries(entries(11, 15));
    host.last.listener.onLost(lost());
    expect(follower.state).toMatchObject({ state: 'lost', retryAtMs: clock.now + 1000 });
    clock.advance(1000);
    await settle();
    expect(host.last.from).toBe(16);
    await host.last.listener.onEntries(entries(16, 16));
    expect(seen).toEqual([11, 12, 13, 14, 15, 16]);
    expect(states.map(({ state }) => state)).toEqual([
      'connecting',
      'connected',
      'lost',
      'connecting',
      'connected',
    ]);
  });

  it('waits longer after each failure, up to a minute, and remembers since when contact is lost', async () => {
    const host = new FakeHost();
    host.failWith = lost();
    const { clock, follower } = follow(host);
    const lostAtMs = clock.now;
    follower.start();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt++) {
      await settle();
      const { state } = follower;
      if (state.state !== 'lost' || state.retryAtMs === undefined) throw new Error(state.state);
      expect(state.sinceMs).toBe(lostAtMs);
      waits.push(state.retryAtMs - clock.now);
      clock.advance(waits.at(-1)!);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000));
  });

  it('takes a random part of the wait', () => {
    expect(backOffMs(0, 0.5)).toBe(500);
    expect(backOffMs(50, 0.25)).toBe(15_000);
    expect(backOffMs(3, 0)).toBe(0);
  });

  it('starts the waits anew only after contact that held', async () => {
    const host = new FakeHost();
    const { clock, follower } = follow(host);
    follower.start();
    const waits: number[] = [];
    for (const heldMs of [0, 0, 0, 20_000, 0]) {
      await settle();
      clock.advance(heldMs);
      host.last.listener.onLost(lost());
      const { state } = follower;
      if (state.state !== 'lost' || state.retryAtMs === undefined) throw new Error(state.state);
      waits.push(state.retryAtMs - clock.now);
      clock.advance(waits.at(-1)!);
    }
    expect(waits).toEqual([1000, 2000, 4000, 1000, 1000]);
  });

  it.each([
    'authentication-failed',
    'host-key-changed',
    'host-key-refused',
    'cancelled',
    'unknown-host',
    'runner-failed',
  ] as const)('never tries again by itself after %s, but does when told', async (code) => {
    const host = new FakeHost();
    host.failWith = new RemoteError(code, 'No.', 'Do something.');
    const { clock, follower } = follow(host);
    follower.start();
    await settle();
    expect(follower.state).toMatchObject({ state: 'lost', reason: { code } });
    expect(follower.state).not.toHaveProperty('retryAtMs');
    clock.advance(3_600_000);
    await settle();
    expect(host.connects).toBe(1);
    host.failWith = undefined;
    follower.retryNow();
    await settle();
    expect(follower.state.state).toBe('connected');
  });

  it('has one attempt under way at a time', async () => {
    const host = new FakeHost();
    const { follower } = follow(host);
    follower.start();
    follower.start();
    follower.retryNow();
    follower.retryNow();
    await settle();
    expect(host.connects).toBe(1);
  });

  it('tries at once when told while it waits, and not again when the wait is over', async () => {
    const host = new FakeHost();
    const { clock, follower } = follow(host);
    follower.start();
    await settle();
    host.last.listener.onLost(lost());
    follower.retryNow();
    await settle();
    expect(host.connects).toBe(2);
    clock.advance(120_000);
    await settle();
    expect(host.connects).toBe(2);
  });

  it('does not call the end of a session that has ended a loss', async () => {
    const host = new FakeHost();
    const { clock, follower } = follow(host);
    follower.start();
    await settle();
    host.last.listener.onVerdict({ state: 'exited', reason: 'finished' });
    expect(follower.state).toEqual({ state: 'connected', verdict: { state: 'exited', reason: 'finished' } });
    host.last.listener.onLost(lost());
    expect(follower.state).toEqual({ state: 'offline' });
    expect(clock.pending).toBe(0);
  });

  it('fetches the rest of a session that has ended when the link goes before all is here', async () => {
    const host = new FakeHost();
    host.lastSeq = 9;
    const { clock, seen, follower } = follow(host);
    follower.start();
    await settle();
    host.last.listener.onVerdict({ state: 'exited', reason: 'finished' });
    await host.last.listener.onEntries(entries(1, 4));
    host.last.listener.onLost(lost());
    expect(follower.state.state).toBe('lost');
    clock.advance(60_000);
    await settle();
    expect(host.last.from).toBe(5);
    host.last.listener.onVerdict({ state: 'exited', reason: 'finished' });
    await host.last.listener.onEntries(entries(5, 9));
    host.last.listener.onLost(lost());
    expect(follower.state).toEqual({ state: 'offline' });
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('says after 45 s without a word of the host that nothing can be said of the session, and never that it ended', async () => {
    const host = new FakeHost();
    const { clock, states, follower } = follow(host);
    follower.start();
    await settle();
    clock.advance(100_000);
    host.last.listener.onHeard?.();
    const heardAtMs = clock.now;
    clock.advance(30_000);
    host.last.listener.onLost(lost());
    host.failWith = lost();
    expect(follower.state).toMatchObject({ state: 'lost', sinceMs: heardAtMs, isUnverifiable: false });
    clock.advance(1_000);
    await settle();
    clock.advance(13_999);
    await settle();
    expect(follower.state).toMatchObject({ state: 'lost', isUnverifiable: false });
    clock.advance(1);
    await settle();
    expect(states.at(-1)).toMatchObject({ state: 'lost', sinceMs: heardAtMs, isUnverifiable: true });
    for (let minute = 0; minute < 600; minute++) {
      clock.advance(60_000);
      await settle();
    }
    expect(follower.state).toMatchObject({ state: 'lost', sinceMs: heardAtMs, isUnverifiable: true });
    host.failWith = undefined;
    clock.advance(60_000);
    await settle();
    expect(follower.state).toEqual({ state: 'connected', verdict: { state: 'live', pid: 1 } });
    host.last.listener.onLost(lost());
    expect(follower.state).toMatchObject({ state: 'lost', sinceMs: clock.now, isUnverifiable: false });
  });

  it('is not taken in by a clock that is set back or forth by hours', async () => {
    for (const stepMs of [-5 * 3_600_000, 5 * 3_600_000]) {
      const host = new FakeHost();
      const { clock, seen, follower } = follow(host);
      follower.start();
      await settle();
      await host.last.listener.onEntries(entries(1, 2));
      clock.step(stepMs);
      expect(follower.state.state).toBe('connected');
      host.last.listener.onLost(lost());
      const { state } = follower;
      if (state.state !== 'lost' || state.retryAtMs === undefined) throw new Error(state.state);
      expect(state.retryAtMs - clock.now).toBeLessThanOrEqual(60_000);
      clock.advance(60_000);
      await settle();
      await host.last.listener.onEntries(entries(3, 4));
      expect(seen).toEqual([1, 2, 3, 4]);
    }
  });

  it('stops for good: closes, forgets its timer, and hears nothing more', async () => {
    const host = new FakeHost();
    const { clock, seen, follower } = follow(host);
    follower.start();
    await settle();
    const old = host.last;
    await follower.stop();
    expect(old.closed).toBe(true);
    await old.listener.onEntries(entries(1, 3));
    old.listener.onLost(lost());
    expect(seen).toEqual([]);
    expect(clock.pending).toBe(0);
    expect(follower.state).toEqual({ state: 'offline' });
  });

  it('takes a hole in the sequence for an error and delivers nothing after it', async () => {
    const host = new FakeHost();
    const { seen, follower } = follow(host);
    follower.start();
    await settle();
    await host.last.listener.onEntries(entries(1, 2));
    await expect(host.last.listener.onEntries(entries(4, 5))).rejects.toMatchObject({ code: 'protocol' });
    expect(seen).toEqual([1, 2]);
    expect(follower.lastSeq).toBe(2);
  });

  it('delivers contiguous and once, whatever the link does', async () => {
    const act = fc.oneof(
      fc.record({
        kind: fc.constant('send' as const),
        count: fc.integer({ min: 1, max: 5 }),
        back: fc.nat(4),
      }),
      fc.record({
        kind: fc.constantFrom('lose' as const, 'retry' as const, 'stale' as const, 'wait' as const),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const host = new FakeHost();
        const { clock, seen, follower } = follow(host);
        follower.start();
        await settle();
        for (const step of acts) {
          const current = host.attachments.at(-1);
          if (step.kind === 'send' && follower.state.state === 'connected' && current !== undefined) {
            // A host may say again what it has said.
            const from = Math.max(1, follower.lastSeq + 1 - step.back);
            await current.listener.onEntries(entries(from, follower.lastSeq + step.count));
          } else if (step.kind === 'lose') current?.listener.onLost(lost());
          else if (step.kind === 'retry') follower.retryNow();
          else if (step.kind === 'stale') await host.attachments.at(-2)?.listener.onEntries(entries(1, 100));
          else clock.advance(60_000);
          await settle();
        }
        expect(seen).toEqual(entries(1, seen.length).map(({ seq }) => seq));
        expect(follower.lastSeq).toBe(seen.length);
        expect(host.attachments.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 100 },
    );
  });
});
