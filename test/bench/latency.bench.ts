import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseJournalValue } from '../../src/protocol/journalEntry';
import type { JournalEntry } from '../../src/domain/session/events';
import { connectHost } from '../../src/remote/connectHost';
import type { HostClient, HostTarget } from '../../src/remote/hostClient';
import { repositoryFolder } from '../e2e/support/editor';
import { environmentFor, never, noProgress } from '../remote/hostFixture';
import { startSshd, type Sshd } from '../support/sshd';
import { median, report } from './figures';
import { valleySpec } from './valley';

const rounds = 5;
const replayedEntries = 200;

describe('latencies with the real runner', () => {
  let sshd: Sshd;
  let localRoot: string;

  beforeAll(async () => {
    sshd = await startSshd();
    localRoot = await mkdtemp(join(tmpdir(), 'ttt-discover-bench-'));
  });
  afterAll(async () => {
    await sshd.stop();
    await rm(localRoot, { recursive: true, force: true });
  });

  it('on this machine', async () => {
    await measure('this machine', { kind: 'local' }, localRoot);
  });

  it('over a loopback sshd', async () => {
    await measure('loopback sshd', { kind: 'ssh', alias: sshd.alias }, join(sshd.home, 'discover'));
  });

  async function measure(where: string, target: HostTarget, root: string): Promise<void> {
    const runnerBundlePath = join(repositoryFolder, 'dist/runner.cjs');
    const environment = environmentFor(sshd, { root, runnerBundlePath });
    const connect = (): Promise<HostClient> => connectHost(target, environment, never);
    const first = await timed(connect);
    await first.result.close();
    const timesMs: Record<'connect' | 'candidate' | 'attach' | 'replay', number[]> = {
      connect: [],
      candidate: [],
      attach: [],
      replay: [],
    };
    for (let round = 0; round < rounds; round += 1) {
      const { result: client, ms } = await timed(connect);
      timesMs.connect.push(ms);
      const given = await valleySpec();
      timesMs.candidate.push(
        (
          await timed(async () => {
            await client.start(given, noProgress, never);
            await follow(client, given.sessionId, isFirstProposal);
          })
        ).ms,
      );
      await follow(client, given.sessionId, ({ seq }) => seq >= replayedEntries);
      const again = await follow(client, given.sessionId, ({ seq }) => seq >= replayedEntries, {
        stop: true,
      });
      timesMs.attach.push(again.attachedMs);
      timesMs.replay.push(again.reachedMs);
      await client.close();
    }
    const figures = [
      ['first connection, host made ready', first.ms],
      [`connection (median of ${rounds})`, median(timesMs.connect)],
      ['start to first candidate evaluated', median(timesMs.candidate)],
      ['attach', median(timesMs.attach)],
      [`attach and replay of ${replayedEntries} entries`, median(timesMs.replay)],
    ] as const;
    for (const [name, value] of figures) await report({ name: `${where}: ${name}`, value, unit: 'ms' });
  }
});

/** The first evaluation of a program that the policy proposed: candidate 0 is the initial one. */
function isFirstProposal({ event }: JournalEntry): boolean {
  return event.type === 'candidate.evaluated' && event.candidate > 0;
}

/** Attaches from the start and reads until an entry is the one looked for. Times are from the call. */
async function follow(
  client: HostClient,
  sessionId: string,
  isLookedFor: (entry: JournalEntry) => boolean,
  options: { readonly stop?: boolean } = {},
): Promise<{ readonly attachedMs: number; readonly reachedMs: number }> {
  const startMs = performance.now();
  let reached: () => void = () => undefined;
  let failed: (reason: Error) => void = () => undefined;
  const found = new Promise<void>((resolve, reject) => {
    reached = resolve;
    failed = reject;
  });
  const attachment = await client.attach(sessionId, 1, {
    onEntries(values) {
      for (const value of values) {
        const parsed = parseJournalValue(value);
        if (parsed.kind === 'entry' && isLookedFor(parsed.entry)) reached();
      }
    },
    onVerdict: () => undefined,
    onLost: failed,
  });
  const attachedMs = performance.now() - startMs;
  await found;
  const reachedMs = performance.now() - startMs;
  if (options.stop === true) await attachment.stop({ now: true });
  await attachment.close();
  return { attachedMs, reachedMs };
}

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const startMs = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startMs };
}
