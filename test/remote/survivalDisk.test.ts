import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SessionEvent } from '../../src/domain/session/events';
import { parseJournalValue } from '../../src/protocol/journalEntry';
import type { Verdict } from '../../src/protocol/hostCommands';
import { verdictWords } from '../../src/protocol/verdictWords';
import { connectHost } from '../../src/remote/connectHost';
import type { AttachmentListener, HostClient } from '../../src/remote/hostClient';
import { systemClock } from '../../src/runner/clock';
import { recordEnd, recordedEnd } from '../../src/runner/host/sessionListing';
import { createSessionFolder } from '../../src/runner/host/sessionFolder';
import { DiskFullError } from '../../src/runner/journal/diskFullError';
import { readJournal } from '../../src/runner/journal/journalReader';
import { JournalWriter } from '../../src/runner/journal/journalWriter';
import { BuiltRunner, untilGone } from '../runner/support/builtRunner';
import { asRoot } from '../runner/support/asRoot';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never, noProgress, refusalOf } from './hostFixture';
import { killRunnerOf } from './support/killRunnerOf';

const cleanups = cleanupsAfterEach();
if (asRoot === undefined) process.stderr.write('No file system can be mounted here: no disk is full.\n');

/** A file system of its own, so small that it can be filled. */
function mountSmall(path: string): void {
  mkdirSync(path, { recursive: true });
  asRoot?.('mount', '-t', 'tmpfs', '-o', `size=48m,mode=0700,uid=${process.getuid?.() ?? 0}`, 'tmpfs', path);
  cleanups.push(() => Promise.resolve(asRoot?.('umount', '--lazy', path)));
}

/** Takes all that is left but so much. */
function fill(folder: string, leaveBytes = 0): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, 'filler'), Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
}
const free = (folder: string): void => rmSync(join(folder, 'filler'));

/** What an editor hears, and waiting for it. */
class Ear implements AttachmentListener {
  readonly events: SessionEvent[] = [];
  readonly verdicts: Verdict[] = [];
  private watchers: (() => void)[] = [];
  onEntries(entries: readonly unknown[]): void {
    for (const value of entries) {
      const parsed = parseJournalValue(value);
      if (parsed.kind === 'entry') this.events.push(parsed.entry.event);
    }
    this.wake();
  }
  onVerdict(verdict: Verdict): void {
    this.verdicts.push(verdict);
    this.wake();
  }
  onLost(): void {
    this.wake();
  }
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.watchers.push(resolve));
  }
  private wake(): void {
    for (const watcher of this.watchers.splice(0)) watcher();
  }
}

it.runIf(asRoot)(
  'a disk that fills up under a session pauses it, and what cannot go on says why',
  async () => {
    const built = await BuiltRunner.build();
    cleanups.push(() => built.dispose());
    const sshd = await cleanups.server();
    const root = join(sshd.home, '.ttt-discover');
    mountSmall(root);
    const client: HostClient = await connectHost(
      { kind: 'ssh', alias: sshd.alias },
      environmentFor(sshd, { runnerBundlePath: built.bundlePath }),
      never,
    );
    cleanups.push(() => client.close());
    const problem = built.makeProblem('held', {
      hold: true,
      evaluationTime: '20s',
      session: 'steps: 2, groups: 2, groupSize: 3',
    });
    const spec = built.specOf(problem);
    const { sessionId } = spec;
    const folder = join(root, 'sessions', sessionId);
    const ear = new Ear();
    cleanups.push(() => killRunnerOf(root, sessionId));
    await client.start(spec, noProgress, never);
    const attachment = await client.attach(sessionId, 1, ear);
    cleanups.push(() => attachment.close());
    const verdictOf = async (): Promise<Verdict | undefined> =>
      (await client.list(never)).find((session) => session.sessionId === sessionId)?.verdict;

    // No room anywhere, in the log neither: its last block is full, too.
    await ear.until(() => ear.events.some(({ type }) => type === 'candidate.proposed'));
    const log = join(folder, 'start.log');
    appendFileSync(log, ' '.repeat(4096 - (statSync(log).size % 4096)));
    fill(root);
    rmSync(join(folder, 'problem', 'hold'));
    await ear.until(() => ear.events.some((event) => event.type === 'session.paused'));
    expect(ear.events.at(-1)).toMatchObject({
      type: 'session.paused',
      reason: 'disk-full',
      message: expect.stringMatching(
        /^There is no space left .* Free space on the host, then resume the session\.$/,
      ) as string,
    });
    const live = await verdictOf();
    if (live?.state !== 'live') throw new Error(`the session is ${String(live?.state)}`);

    // Its process is lost meanwhile, and there is room for a new one's name but not for its reserve.
    process.kill(live.pid, 'SIGKILL');
    await untilGone(live.pid);
    await ear.until(() => ear.verdicts.at(-1)?.state === 'exited');
    expect(ear.verdicts.at(-1)).toMatchObject({ reason: 'runner-lost' });
    expect(existsSync(join(folder, 'reserve'))).toBe(false);
    free(root);
    fill(root, 300_000);
    const refusal = await refusalOf(attachment.resume());
    expect(refusal.message).toMatch(/^There is no space left in .*reserve\.$/);
    await ear.until(() => {
      const last = ear.verdicts.at(-1);
      return last?.state === 'exited' && last.reason === 'disk-full';
    });
    const verdict = await verdictOf();
    expect(verdict).toMatchObject({ state: 'exited', reason: 'disk-full' });
    expect(verdict === undefined ? undefined : verdictWords(verdict)).toMatchObject({
      what: expect.stringMatching(
        /^The disk of the host was full, and its process could not go on: There is no space/,
      ) as string,
      advice: 'Free space on the host, then resume it: it goes on from its journal.',
    });

    free(root);
    await attachment.resume();
    await ear.until(() => ear.events.some(({ type }) => type === 'session.finished'));
    await ear.until(() => {
      const last = ear.verdicts.at(-1);
      return last?.state === 'exited' && last.reason === 'finished';
    });
  },
  240_000,
);

it.runIf(asRoot)('the last words of a session and its exit record fit on a full disk', async () => {
  const built = await BuiltRunner.build();
  cleanups.push(() => built.dispose());
  mountSmall(built.root);
  const { folder } = createSessionFolder(built.root, built.specOf());
  const { writer } = await JournalWriter.open({ folder: folder.journalPath, run: 1, clock: systemClock });
  writer.makeReserve();
  fill(built.root);
  const end = { type: 'session.finished', reason: 'steps' } as const;
  const long: SessionEvent = { type: 'environment.progress', message: 'x'.repeat(8192) };
  expect(() => writer.append(long)).toThrow(DiskFullError);
  expect(() => recordEnd(folder, end, 1)).toThrow('ENOSPC');
  writer.appendFromReserve(end);
  recordEnd(folder, end, 1);
  await writer.close();
  expect(recordedEnd(folder)).toEqual(end);
  const { lines, skipped } = await readJournal(folder.journalPath);
  expect(lines.map(({ seq }) => seq)).toEqual([1]);
  // What was half written of the long one is no entry.
  expect(skipped.length).toBeLessThanOrEqual(1);
  expect(readFileSync(join(folder.journalPath, '000001.jsonl'), 'utf8')).toContain('"session.finished"');
});
