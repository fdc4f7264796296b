import { expect, describe, it } from 'vitest';
import { connectHost } from '../../src/remote/connectHost';
import { followSession, systemClock } from '../../src/remote/attach/sessionFollower';
import type { FollowerState } from '../../src/remote/attach/followerState';
import type { HostClient } from '../../src/remote/hostClient';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, fakeSpec, never, newSessionId, noProgress, refusalOf } from './hostFixture';

const cleanups = cleanupsAfterEach();
const deaf = { onEntries: noProgress, onVerdict: noProgress, onLost: noProgress };

/** A host whose runner is that of another version: of which one, the session's name says. */
async function hostOf(kind: string): Promise<{ readonly client: HostClient; readonly sessionId: string }> {
  const sshd = await cleanups.server();
  const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environmentFor(sshd), never);
  cleanups.push(() => client.close());
  const sessionId = newSessionId();
  await client.start(fakeSpec(sessionId, 50, kind), noProgress, never);
  return { client, sessionId };
}

describe('a runner of another version', () => {
  it('that is newer: the message names both versions, and the extension is to be updated', async () => {
    const { client, sessionId } = await hostOf('newer');
    expect(await refusalOf(client.attach(sessionId, 1, deaf))).toMatchObject({
      code: 'protocol',
      message:
        'The runner on the host (version 9.0.0) speaks version 7, 8 of the protocol, this editor version 1.',
      advice: 'Update the extension: the runner is newer. The session goes on meanwhile.',
    });
  });

  it('that is older: this version of the runner is to be brought there', async () => {
    const { client, sessionId } = await hostOf('ancient');
    const refusal = await refusalOf(client.attach(sessionId, 1, deaf));
    expect(refusal.message).toContain('(version 0.0.1) speaks version 0 of the protocol');
    expect(refusal.advice).toContain('connect again');
    // The connection is good for other sessions.
    expect((await client.list(never)).map((session) => session.sessionId)).toEqual([sessionId]);
  });

  it('is told to the person and not tried again and again', async () => {
    const { client, sessionId } = await hostOf('newer');
    const states: FollowerState[] = [];
    let settled: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => (settled = resolve));
    const follower = followSession(
      sessionId,
      () => Promise.resolve(client),
      {
        onEntries: noProgress,
        onState(state) {
          states.push(state);
          if (state.state === 'lost') settled();
        },
      },
      { clock: systemClock },
    );
    follower.start();
    await lost;
    expect(states.at(-1)).toMatchObject({ state: 'lost', reason: { code: 'protocol' } });
    expect(states.at(-1)).not.toHaveProperty('retryAtMs');
    await follower.stop();
  });

  it('that says more than this version knows is understood as far as it is known', async () => {
    const { client, sessionId } = await hostOf('richer');
    const entries: unknown[] = [];
    let wake: () => void = () => undefined;
    const all = new Promise<void>((resolve) => (wake = resolve));
    const attachment = await client.attach(sessionId, 1, {
      ...deaf,
      onEntries(batch) {
        entries.push(...batch);
        if (entries.length === 50) wake();
      },
    });
    await all;
    expect(entries[0]).toMatchObject({ seq: 1, mood: 'unknown to you' });
    await attachment.close();
  });
});
