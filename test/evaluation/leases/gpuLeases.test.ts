import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { turnFilesOf } from '../../../src/evaluation/leases/gpuIdentity';
import { leaseGpus, queueFor, type WantedGpus } from '../../../src/evaluation/leases/gpuSeats';
import { takeGpusAlone } from '../../../src/evaluation/leases/gpuTurn';
import { namesTaken } from '../../../src/evaluation/leases/kernelNames';
import { leasingSessions } from './support/sessions';

const never = new AbortController().signal;
const folder = mkdtempSync(join(tmpdir(), 'leases-'));
const locks: string[] = [];
let session: Awaited<ReturnType<typeof leasingSessions>>;
beforeAll(async () => {
  session = await leasingSessions(folder);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const path of locks) rmSync(path, { force: true });
});

/** GPUs that nobody else has. */
function newGpus(count: number): string[] {
  return Array.from({ length: count }, () => {
    const gpu = `GPU-${randomUUID()}`;
    const files = turnFilesOf(gpu);
    if (files !== undefined) locks.push(files.gate, files.lock);
    return gpu;
  });
}

/** Resolves when so many wait for these GPUs. */
async function waitUntilQueued({ among }: WantedGpus, count: number): Promise<void> {
  const waiting = async (): Promise<number> => (await namesTaken(queueFor(among))).length;
  await expect.poll(waiting, { timeout: 30_000 }).toBe(count);
}

describe('the GPUs of evaluations', () => {
  it('are spread evenly over those that the host has, over all its sessions', async () => {
    const among = newGpus(3);
    const leases = [];
    for (let number = 0; number < 6; number += 1)
      leases.push(await leaseGpus({ among, count: 1, mostSharing: 4 }, never));
    expect(leases.flatMap(({ gpus }) => gpus).toSorted()).toEqual([...among, ...among].toSorted());
    const other = session('seat', { among, count: 2, mostSharing: 4 });
    const theirs = (await other.next()).split(',');
    const third = await leaseGpus({ among, count: 1, mostSharing: 4 }, never);
    expect([...theirs, ...third.gpus].toSorted()).toEqual(among.toSorted());
    await other.giveBackAndEnd();
    for (const lease of [...leases, third]) await lease.giveBack();
  });

  it('are given back by a session that is killed, and so is its place in the queue', async () => {
    const wanted = { among: newGpus(1), count: 1, mostSharing: 1 };
    const owner = session('seat', wanted);
    await owner.next();
    const second = session('seat', wanted);
    await waitUntilQueued(wanted, 1);
    const third = session('seat', wanted);
    await waitUntilQueued(wanted, 2);
    await second.kill();
    await owner.kill();
    expect(await third.next()).toBe(wanted.among[0]);
    await third.giveBackAndEnd();
  });

  it('are had in turns by sessions that want them again and again', async () => {
    const wanted = { among: newGpus(1), count: 1, mostSharing: 1 };
    let has = session('seat', wanted);
    expect(await has.next()).toBe(wanted.among[0]);
    let wants = session('seat', wanted);
    for (let round = 0; round < 6; round += 1) {
      await waitUntilQueued(wanted, 1);
      has.again();
      expect(await wants.next()).toBe(wanted.among[0]);
      expect(has.unread()).toBe(0);
      [has, wants] = [wants, has];
    }
    await Promise.all([has.kill(), wants.kill()]);
  });

  it('are had by many sessions in the order in which they asked, and by who asks again after all of these', async () => {
    const wanted = { among: newGpus(1), count: 1, mostSharing: 1 };
    const first = session('seat', wanted);
    await first.next();
    const waiting: ReturnType<typeof session>[] = [];
    for (let place = 1; place <= 5; place += 1) {
      waiting.push(session('seat', wanted));
      await waitUntilQueued(wanted, place);
    }
    // It goes behind the others.
    first.again();
    let done = 0;
    for (const one of waiting) {
      expect(await one.next()).toBe(wanted.among[0]);
      expect([first, ...waiting.slice(done + 1)].map((other) => other.unread())).toEqual(
        Array.from({ length: 5 - done }, () => 0),
      );
      // The one that had it first is in the queue by now.
      await waitUntilQueued(wanted, 5 - done);
      await one.giveBackAndEnd();
      done += 1;
    }
    expect(await first.next()).toBe(wanted.among[0]);
    await first.giveBackAndEnd();
  });

  it('are waited for no longer than until the evaluation is cancelled', async () => {
    const wanted = { among: newGpus(1), count: 1, mostSharing: 1 };
    const lease = await leaseGpus(wanted, never);
    const cancelled = new AbortController();
    const waiting = leaseGpus(wanted, cancelled.signal);
    cancelled.abort(new Error('Enough.'));
    await expect(waiting).rejects.toThrow('Enough.');
    await lease.giveBack();
    const again = await leaseGpus(wanted, never);
    expect(again.gpus).toEqual(wanted.among);
    await again.giveBack();
  });
});

describe('a GPU for a timing alone', () => {
  const wantedOf = (among: readonly string[]) => ({ among, count: among.length, mostSharing: 1 });
  /** Whether somebody has it, as the evaluators of the catalogue ask: by the same file. */
  const isTaken = (gpu: string): boolean => {
    const path = turnFilesOf(gpu)?.lock ?? '';
    try {
      execFileSync('flock', ['-n', '-s', path, 'true']);
      return false;
    } catch {
      return true;
    }
  };

  it('is given back by a session that is killed', async () => {
    const [gpu = ''] = newGpus(1);
    const owner = session('turn', wantedOf([gpu]));
    await owner.next();
    expect(isTaken(gpu)).toBe(true);
    const next = takeGpusAlone([gpu], never);
    await owner.kill();
    const turn = await next;
    expect(isTaken(gpu)).toBe(true);
    await turn.giveBack();
    expect(isTaken(gpu)).toBe(false);
  });

  it('is had in turns by sessions that want it again and again', async () => {
    const [gpu = ''] = newGpus(1);
    const own = await takeGpusAlone([gpu], never);
    const sessions = [session('turn', wantedOf([gpu])), session('turn', wantedOf([gpu]))];
    await own.giveBack();
    const counts = [0, 0];
    const loop = async (index: number): Promise<void> => {
      const one = sessions[index];
      while (counts.some((count) => count < 5)) {
        await one?.next();
        counts[index] = (counts[index] ?? 0) + 1;
        one?.again();
      }
    };
    await Promise.race([loop(0), loop(1)]);
    // Neither had to wait until the other wanted no more.
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(4);
    await Promise.all(sessions.map((one) => one.kill()));
  });

  it('excludes evaluators of the catalogue, also those that only share it', async () => {
    const [gpu = ''] = newGpus(1);
    const uuid = gpu.slice(4).replaceAll('-', '');
    const turn = await takeGpusAlone([gpu], never);
    const script = join(import.meta.dirname, 'share_gpu.py');
    const problem = join(import.meta.dirname, '../../../problems/mla-decode');
    const sharing = spawn('python3', [script, problem, uuid], { stdio: ['pipe', 'pipe', 'inherit'] });
    let line = '';
    sharing.stdout.on('data', (chunk: Buffer) => (line += chunk.toString()));
    await expect.poll(() => line, { timeout: 30_000 }).toBe('wants\n');
    expect(isTaken(gpu)).toBe(true);
    await turn.giveBack();
    await expect.poll(() => line, { timeout: 30_000 }).toBe('wants\nshares\n');
    // A shared lock is free for others who share it, and not for who wants it alone.
    const alone = takeGpusAlone([gpu], never);
    sharing.kill('SIGKILL');
    await (await alone).giveBack();
  });

  it('is taken in one order by all who want several', async () => {
    const gpus = newGpus(3);
    const there = session('turn', wantedOf(gpus));
    const back = session('turn', wantedOf(gpus.toReversed()));
    const [isThere, isBack] = [there.next().then(() => there), back.next().then(() => back)];
    const first = await Promise.race([isThere, isBack]);
    await first.giveBackAndEnd();
    const second = await (first === there ? isBack : isThere);
    expect(gpus.every(isTaken)).toBe(true);
    await second.giveBackAndEnd();
  });

  it('is not waited for any longer when the evaluation is cancelled', async () => {
    const [gpu = ''] = newGpus(1);
    const turn = await takeGpusAlone([gpu], never);
    const cancelled = new AbortController();
    const waiting = takeGpusAlone([gpu], cancelled.signal);
    cancelled.abort(new Error('Enough.'));
    await expect(waiting).rejects.toThrow('Enough.');
    await turn.giveBack();
    await (await takeGpusAlone([gpu], never)).giveBack();
  });
});
