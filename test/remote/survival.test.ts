import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import * as esbuild from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import type { FollowerState } from '../../src/remote/attach/followerState';
import { followSession, systemClock } from '../../src/remote/attach/sessionFollower';
import { connectHost } from '../../src/remote/connectHost';
import type { HostClient } from '../../src/remote/hostClient';
import { createSessionFolder, sessionFolder } from '../../src/runner/host/sessionFolder';
import { listSegments, segmentPath } from '../../src/runner/journal/segments';
import { BuiltRunner } from '../runner/support/builtRunner';
import { cleanupsAfterEach } from './cleanups';
import { environmentFor, never } from './hostFixture';
import { relayTo } from './linkFixture';
import { seededRandom } from './support/seededRandom';

const total = 20_000;
const seed = 20_260_130;
/** So much must have happened before the last events are written. */
const wanted = { resets: 50, freezes: 25, kills: 15 };

const cleanups = cleanupsAfterEach();
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

/** A process that owns the session and writes its journal, as far as it is told to. */
async function startWriter(
  folder: string,
  root: string,
  sessionId: string,
): Promise<ChildProcessByStdio<Writable, Readable, null>> {
  const program = join(folder, 'eventWriter.cjs');
  await esbuild.build({
    entryPoints: ['test/remote/support/eventWriter.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile: program,
    logLevel: 'warning',
  });
  const child = spawn(process.execPath, [program, root, sessionId, `${total}`, `${seed}`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.add(child);
  await once(child.stdout, 'data');
  return child;
}

/** Processes on the host that serve an editor. */
function attachProcesses(sessionId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const [, bundle = '', command, id] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return bundle.endsWith('runner.cjs') && command === 'attach' && id === sessionId;
      } catch {
        return false; // It has just ended.
      }
    })
    .map(Number);
}

describe('an editor that follows a session', () => {
  it('gets every event once, in order and byte by byte, whatever happens to link, runner and attach process', async ({
    task,
  }) => {
    const built = await BuiltRunner.build();
    cleanups.push(() => built.dispose());
    const sshd = await cleanups.server();
    const proxy = await relayTo(sshd);
    cleanups.push(() => proxy.close());
    const environment = environmentFor(sshd, { runnerBundlePath: built.bundlePath });

    const root = join(sshd.home, '.ttt-discover');
    const spec = built.specOf();
    const { sessionId } = spec;
    createSessionFolder(root, spec);
    const folder = sessionFolder(root, sessionId);
    const writer = await startWriter(sshd.folder, root, sessionId);

    // As the editor does: one connection, used by all until it is gone.
    let shared: Promise<HostClient> | undefined;
    const connect = (): Promise<HostClient> => {
      const made = (shared ??= connectHost({ kind: 'ssh', alias: sshd.alias }, environment, never));
      const forget = (): void => {
        if (shared === made) shared = undefined;
      };
      made.then((client) => client.onClosed(forget), forget);
      return made;
    };
    cleanups.push(async () => (await shared)?.close());

    const counts = { resets: 0, freezes: 0, kills: 0 };
    const done = new AbortController();
    const isOver = (): boolean => done.signal.aborted;
    const seqs: number[] = [];
    const received = createHash('sha256');
    let receivedBytes = 0;
    /** Since the state last changed. */
    let hasDelivered = false;
    let granted = 500;
    const watchers = new Set<() => void>();
    const changed = (): void => {
      for (const wake of watchers) wake();
      watchers.clear();
    };
    let state: FollowerState = { state: 'offline' };
    const endIfAllIsHere = (): void => {
      const hasExited = state.state === 'connected' && state.verdict.state === 'exited';
      if (hasExited && seqs.length >= total) done.abort('all is here');
    };
    const follower = followSession(
      sessionId,
      connect,
      {
        onEntries(entries) {
          for (const entry of entries as { seq: number }[]) {
            seqs.push(entry.seq);
            const line = Buffer.from(`${JSON.stringify(entry)}\n`);
            received.update(line);
            receivedBytes += line.length;
          }
          hasDelivered = true;
          changed();
          endIfAllIsHere();
        },
        onState(next) {
          state = next;
          hasDelivered = false;
          endIfAllIsHere();
          if (next.state === 'lost' && next.retryAtMs === undefined) done.abort(next.reason);
          changed();
        },
      },
      { clock: { ...systemClock, random: () => 0 } },
    );
    const until = async (holds: () => boolean): Promise<void> => {
      while (!holds() && !isOver()) await new Promise<void>((resolve) => watchers.add(resolve));
    };
    const isSought = (): boolean => state.state === 'connecting';
    /** Contact, and something came: so that the slowest machine gets on from contact to contact. */
    const isHeard = (): boolean =>
      state.state === 'connected' && (hasDelivered || seqs.length >= granted || seqs.length === total);
    done.signal.addEventListener('abort', changed);

    /** The more has happened, the more may be written: so it all happens while events come. */
    const happened = (what: keyof typeof counts): void => {
      counts[what] += 1;
      const parts = Object.entries(wanted).map(([name, enough]) => {
        return Math.min(1, counts[name as keyof typeof counts] / enough);
      });
      const share = parts.reduce((sum, part) => sum + part, 0) / parts.length;
      const isEnough = parts.every((part) => part === 1);
      granted = Math.max(granted, isEnough ? total : Math.floor(0.9 * share * total));
      writer.stdin.write(`${granted}\n`);
    };
    /** Acts again and again, each time so long after there is contact, or after it is sought. */
    const disturb = async (
      stream: number,
      betweenMs: readonly [number, number],
      act: (random: () => number) => Promise<void> | void,
      seekingShare = 0,
    ): Promise<void> => {
      const random = seededRandom(seed + stream);
      const [least, most] = betweenMs;
      while (!isOver()) {
        await until(random() < seekingShare ? isSought : isHeard);
        const delayMs = least + random() * (most - least);
        await wait(delayMs, undefined, { signal: done.signal }).catch(() => undefined);
        if (!isOver()) await act(random);
      }
    };
    writer.stdin.on('error', () => undefined); // It has written all.
    const startedMs = performance.now();
    follower.start();
    writer.stdin.write(`${granted}\n`);
    await Promise.all([
      disturb(
        1,
        [50, 250],
        () => {
          proxy.reset();
          happened('resets');
        },
        // Some meet the login or what comes after it.
        0.2,
      ),
      disturb(2, [50, 250], async (random) => {
        if (writer.exitCode !== null || !writer.kill('SIGSTOP')) return;
        await wait(50 + random() * 200);
        writer.kill('SIGCONT');
        happened('freezes');
      }),
      disturb(
        3,
        [20, 220],
        () => {
          for (const pid of attachProcesses(sessionId)) {
            process.kill(pid, 'SIGKILL');
            happened('kills');
          }
        },
        0.2,
      ),
    ]);
    const seconds = (performance.now() - startedMs) / 1000;
    await follower.stop();

    const written = Buffer.concat(
      listSegments(folder.journalPath).map((segment) =>
        readFileSync(segmentPath(folder.journalPath, segment)),
      ),
    );
    expect(done.signal.reason).toBe('all is here');
    expect(state).toMatchObject({ state: 'offline' });
    expect(seqs).toEqual(Array.from({ length: total }, (_, index) => index + 1));
    expect(receivedBytes).toBe(written.length);
    expect(received.digest('hex')).toBe(createHash('sha256').update(written).digest('hex'));
    for (const what of ['resets', 'freezes', 'kills'] as const) {
      expect([what, counts[what] >= wanted[what]]).toEqual([what, true]);
    }
    // For reports (--reporter=json); nothing is printed.
    Object.assign(task.meta, { ...counts, seconds, bytes: receivedBytes });
  }, 300_000);
});
