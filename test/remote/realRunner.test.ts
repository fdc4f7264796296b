import { describe, expect, it } from 'vitest';
import { parseJournalValue } from '../../src/protocol/journalEntry';
import type { HostClient, HostTarget } from '../../src/remote/hostClient';
import { followSession, systemClock } from '../../src/remote/attach/sessionFollower';
import { never, noProgress, refusalOf, newSessionId } from './hostFixture';
import { relayedHost, runnerBehindRelay } from './support/runnerBehindRelay';

const host = runnerBehindRelay();

const targets: readonly HostTarget[] = [relayedHost, { kind: 'local' }];

describe.each(targets)('the runner as it is shipped, on a host of kind $kind', (target) => {
  const connect = (): Promise<HostClient> => host.connect(target);

  it('is started once, followed over cuts to its end, and tells what its journal says', async () => {
    const spec = host.built.specOf(host.built.problemFolder, { steps: 12 });
    const client = await connect();
    const started = await client.start(spec, noProgress, never);
    expect(started).toMatchObject({ sessionId: spec.sessionId, verdict: { state: 'live' } });
    // The same start again, as after a lost answer, is the same session.
    expect((await client.start(spec, noProgress, never)).sessionId).toBe(spec.sessionId);
    expect((await client.list(never)).map(({ sessionId }) => sessionId)).toContain(spec.sessionId);
    await client.close();

    const seqs: number[] = [];
    const clients: HostClient[] = [];
    let cuts = 0;
    let failure: Error | undefined;
    await new Promise<void>((resolve) => {
      const follower = followSession(
        spec.sessionId,
        async () => {
          const opened = await connect();
          clients.push(opened);
          return opened;
        },
        {
          onEntries(entries) {
            for (const value of entries) {
              const parsed = parseJournalValue(value);
              if (parsed.kind !== 'entry') {
                failure = new Error(JSON.stringify(parsed));
                resolve();
                return;
              }
              seqs.push(parsed.entry.seq);
              const { type } = parsed.entry.event;
              if (type === 'session.finished' || type === 'session.failed') {
                void follower.stop().then(resolve);
              }
            }
            if (target.kind === 'ssh' && cuts < 5) {
              cuts++;
              host.proxy.reset();
            }
          },
          onState(state) {
            if (state.state === 'lost' && state.retryAtMs === undefined) {
              failure = state.reason;
              resolve();
            }
          },
        },
        { clock: { ...systemClock, random: () => 0 } },
      );
      follower.start();
    });
    for (const opened of clients) await opened.close();
    expect(failure).toBeUndefined();
    // How many batches the journal comes in is the runner's affair; the first is always cut.
    if (target.kind === 'ssh') expect(cuts).toBeGreaterThan(0);

    const again = await connect();
    const listing = (await again.list(never)).find(({ sessionId }) => sessionId === spec.sessionId);
    expect(seqs).toEqual(Array.from({ length: listing?.lastSeq ?? 0 }, (_, index) => index + 1));
    await again.close();
  });

  it('scores a program, and reads candidates by their content address', async () => {
    const client = await connect();
    const spec = host.built.specOf();
    const initial = await client.evaluate(spec, undefined, noProgress, never);
    expect(initial.outcome).toMatchObject({ kind: 'valid', value: 1024 });
    const better = await client.evaluate(spec, 'echo 43\n', noProgress, never);
    expect(better.outcome).toMatchObject({ kind: 'valid', value: 1 });
    await client.close();
  });

  it('says in its own words what is not there', async () => {
    const client = await connect();
    const listener = { onEntries: noProgress, onVerdict: noProgress, onLost: noProgress };
    const refusal = await refusalOf(client.attach(newSessionId(), 1, listener));
    expect(refusal.code).toBe('runner-failed');
    expect(refusal.message).toContain('no session');
    const spec = host.built.specOf();
    const broken = {
      ...spec,
      files: spec.files.filter(({ path }) => path !== 'evaluate.sh' && path !== 'program.sh'),
    };
    const start = await refusalOf(client.start(broken, noProgress, never));
    expect(start.code).toBe('runner-failed');
    await client.close();
  });
});
