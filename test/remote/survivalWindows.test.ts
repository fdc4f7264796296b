import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SessionEvent } from '../../src/domain/session/events';
import { parseJournalValue } from '../../src/protocol/journalEntry';
import type { Verdict } from '../../src/protocol/hostCommands';
import { connectHost } from '../../src/remote/connectHost';
import type { SessionAttachment } from '../../src/remote/hostClient';
import { runnerVersion } from '../../src/runner/version';
import { BuiltRunner, untilGone } from '../runner/support/builtRunner';
import { replacing } from '../runner/support/replacing';
import type { Sshd } from '../support/sshd';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, noProgress } from './hostFixture';
import { killRunnerOf } from './support/killRunnerOf';

const cleanups = cleanupsAfterEach();

/** A window of an editor: a connection of its own, and what it hears of one session. */
class Window {
  readonly seqs: number[] = [];
  readonly events: SessionEvent[] = [];
  readonly verdicts: Verdict[] = [];
  private watchers: (() => void)[] = [];
  private attached: SessionAttachment | undefined;

  static async open(sshd: Sshd, runnerBundlePath: string) {
    const environment = environmentFor(sshd, { runnerBundlePath });
    const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never);
    cleanups.push(() => client.close());
    return { client, window: new Window() };
  }

  get attachment(): SessionAttachment {
    if (this.attached === undefined) throw new Error('not attached');
    return this.attached;
  }

  async follow(client: Awaited<ReturnType<typeof connectHost>>, sessionId: string): Promise<void> {
    const changed = (): void => {
      for (const wake of this.watchers.splice(0)) wake();
    };
    this.attached = await client.attach(sessionId, 1, {
      onEntries: (values) => {
        for (const value of values) {
          const parsed = parseJournalValue(value);
          if (parsed.kind !== 'entry') throw new Error(JSON.stringify(value));
          this.seqs.push(parsed.entry.seq);
          this.events.push(parsed.entry.event);
        }
        changed();
      },
      onVerdict: (verdict) => {
        this.verdicts.push(verdict);
        changed();
      },
      onLost: changed,
    });
    this.verdicts.unshift(this.attached.verdict);
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }
  has(type: SessionEvent['type'], times = 1): boolean {
    return this.events.filter((event) => event.type === type).length >= times;
  }
  isExited(reason: string): boolean {
    const last = this.verdicts.at(-1);
    return last?.state === 'exited' && last.reason === reason;
  }
}

it('two windows of different versions share a session: both hear all, either may act, and the newer one goes on with it', async () => {
  const sshd = await cleanups.server();
  const older = await BuiltRunner.build({
    plugins: [replacing(/runner\/version\.ts$/, `'${runnerVersion}'`, "'0.0.1'")],
  });
  cleanups.push(() => older.dispose());
  const newer = await BuiltRunner.build();
  cleanups.push(() => newer.dispose());
  const first = await Window.open(sshd, older.bundlePath);
  const second = await Window.open(sshd, newer.bundlePath);
  const windows = [first.window, second.window];
  const spec = older.specOf(older.makeProblem('long', { session: 'steps: 100000, groups: 2, groupSize: 3' }));
  cleanups.push(() => killRunnerOf(join(sshd.home, '.ttt-discover'), spec.sessionId));
  await first.client.start(spec, noProgress, never);
  await first.window.follow(first.client, spec.sessionId);
  await second.window.follow(second.client, spec.sessionId);
  for (const window of windows) await window.until(() => window.has('step.finished'));

  // The runner is of the older version, and does what the newer window asks.
  await second.window.attachment.pause();
  for (const window of windows) await window.until(() => window.has('session.paused'));
  await first.window.attachment.resume();
  for (const window of windows) await window.until(() => window.has('session.resumed'));

  const live = second.window.attachment.verdict;
  if (live.state !== 'live') throw new Error(`the session is ${live.state}`);
  process.kill(live.pid, 'SIGKILL');
  await untilGone(live.pid);
  for (const window of windows) await window.until(() => window.isExited('runner-lost'));
  await second.window.attachment.resume();
  for (const window of windows) await window.until(() => window.has('runner.started', 2));
  await first.window.attachment.stop({ now: true });
  for (const window of windows) {
    await window.until(() => window.has('session.finished') && window.isExited('finished'));
    expect(window.seqs).toEqual(window.seqs.map((_, index) => index + 1));
  }
  expect(first.window.events).toEqual(second.window.events);
  const versions = first.window.events.flatMap((event) =>
    event.type === 'runner.started' ? [event.runnerVersion] : [],
  );
  expect(versions).toEqual(['0.0.1', runnerVersion]);
  for (const window of windows) await window.attachment.close();
}, 240_000);
