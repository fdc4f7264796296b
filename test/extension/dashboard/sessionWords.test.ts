import { describe, expect, it } from 'vitest';
import { projectDashboard } from '../../../src/extension/dashboard/projection';
import { wordsChangeEveryMs } from '../../../src/extension/dashboard/sessionWords';
import type { Connection, SessionView } from '../../../src/extension/sessions/sessions';
import { exampleSession, withSnapshot } from './exampleSession';

const nowMs = 1_760_000_100_000;
const withConnection = (connection: Connection): SessionView => exampleSession(3, { connection });
const headerOf = (view: SessionView) => projectDashboard(view, nowMs).header;

describe('the words for a session', () => {
  it('count steps from one', () => {
    expect(headerOf(exampleSession(3)).statusText).toBe('Step 3 of 50');
  });

  it('are what the policy says that it is doing, such as loading a model', () => {
    for (const status of ['preparing', 'running'] as const) {
      const busy = withSnapshot(exampleSession(3), { status, statusMessage: 'Loading the model' });
      expect(headerOf(busy).statusText).toBe('Loading the model');
    }
  });

  it('are the reason that the journal gives when a session failed', () => {
    const failed = withSnapshot(exampleSession(3), {
      status: 'failed',
      statusMessage: 'No space left on the host',
    });
    expect(headerOf(failed).statusText).toBe('No space left on the host');
  });

  it('say that the process is gone, whatever the journal said last, and offer to start it again', () => {
    const gone = withConnection({
      state: 'connected',
      verdict: { state: 'exited', reason: 'host-rebooted' },
    });
    expect(headerOf(gone)).toMatchObject({
      status: 'interrupted',
      statusText: 'The host was restarted. Resume it: it goes on from its journal.',
      allowed: { pause: false, resume: true, stop: false },
    });
  });

  it('say of a process out of sight where it was last seen, and offer nothing that could run it twice', () => {
    const message =
      'It was last run on node7, whose processes cannot be seen from here: it may still run there.';
    const advice = 'Connect to node7.';
    const elsewhere = withConnection({
      state: 'connected',
      verdict: { state: 'unverifiable', hostName: 'node7', message, advice },
    });
    expect(headerOf(elsewhere)).toMatchObject({
      status: 'interrupted',
      statusText: `${message} ${advice}`,
      allowed: { pause: false, resume: false, stop: false },
    });
  });

  it('are those of the journal when the process ended because the session did', () => {
    const verdict = { state: 'exited', reason: 'finished' } as const;
    const finished = withSnapshot(withConnection({ state: 'connected', verdict }), { status: 'finished' });
    expect(headerOf(finished).statusText).toBe('After step 3 of 50');
  });
});

describe('the words for a connection', () => {
  it('are none while it is up', () => {
    expect(headerOf(exampleSession(3)).connectionText).toBeNull();
  });

  it('say since when it is lost and when it is tried again', () => {
    const lost = { state: 'lost', sinceMs: nowMs - 12_000, reason: 'read ECONNRESET' } as const;
    expect(headerOf(withConnection({ ...lost, retryAtMs: nowMs + 3200 })).connectionText).toBe(
      'Connection lost 12 s ago, trying again in 4 s (read ECONNRESET)',
    );
    expect(headerOf(withConnection({ ...lost, retryAtMs: nowMs - 1 })).connectionText).toContain(
      'trying again now',
    );
    expect(headerOf(withConnection(lost)).connectionText).toBe('Connection lost 12 s ago: read ECONNRESET');
    const long = { ...lost, sinceMs: nowMs - 300_000, isUnverifiable: true };
    expect(headerOf(withConnection(long)).connectionText).toBe(
      'No contact for 5 min, so what it does now is not known: read ECONNRESET',
    );
  });

  it('say when the host was last heard', () => {
    const offline = { connection: { state: 'offline' } as const };
    const heard = exampleSession(3, { ...offline, lastContactMs: nowMs - 3 * 3_600_000 });
    expect(headerOf(heard).connectionText).toBe('Not connected to gpu-01, last heard 3 h ago');
    expect(headerOf(heard).allowed.stop).toBe(false);
  });

  it('are none when the session is over, since it needs no connection', () => {
    const over = withSnapshot(exampleSession(3, { connection: { state: 'offline' } }), {
      status: 'finished',
    });
    expect(headerOf(over).connectionText).toBeNull();
  });

  it('change by themselves only where they count time', () => {
    expect(wordsChangeEveryMs(withConnection({ state: 'lost', sinceMs: nowMs, reason: '' }))).toBe(1000);
    expect(wordsChangeEveryMs(exampleSession(3))).toBeUndefined();
  });
});

describe('what may be asked of a session', () => {
  it.each([
    ['preparing', { pause: false, resume: false, stop: true }],
    ['running', { pause: true, resume: false, stop: true }],
    ['paused', { pause: false, resume: true, stop: true }],
    ['stopping', { pause: false, resume: false, stop: false }],
    ['finished', { pause: false, resume: false, stop: false }],
  ] as const)('while it is %s', (status, allowed) => {
    expect(headerOf(withSnapshot(exampleSession(3), { status })).allowed).toEqual(allowed);
  });

  it('is nothing while the host is not heard', () => {
    const lost = withConnection({ state: 'lost', sinceMs: nowMs, reason: '' });
    expect(headerOf(lost).allowed).toEqual({ pause: false, resume: false, stop: false });
  });
});
