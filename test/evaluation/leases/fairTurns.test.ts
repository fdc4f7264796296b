import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { turnFilesOf } from '../../../src/evaluation/leases/gpuIdentity';
import { takeGpusAlone } from '../../../src/evaluation/leases/gpuTurn';

const folder = mkdtempSync(join(tmpdir(), 'fair-turns-'));
const problem = join(import.meta.dirname, '../../../problems/trimul');
const never = new AbortController().signal;
const locks: string[] = [];
const running = new Set<ChildProcessByStdio<Writable, Readable, null>>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const path of locks) rmSync(path, { force: true });
});

function newGpu() {
  const gpu = `GPU-${randomUUID()}`;
  const files = turnFilesOf(gpu);
  if (files === undefined) throw new Error(gpu);
  locks.push(files.gate, files.lock);
  return { gpu, uuid: gpu.slice(4).replaceAll('-', ''), files };
}

/** A process of a session, which knows of no other one. */
function run(script: string, ...args: readonly string[]) {
  const child = spawn('python3', [join(import.meta.dirname, script), problem, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(child);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    said: () => said,
    ended: closed,
    end: () => {
      child.stdin.end();
      return closed;
    },
  };
}

const patience = { timeout: 60_000 };
const sharing = 'wants\nshares\n';

describe('the turns on a GPU', () => {
  it('come to who wants it alone when those have left who shared it then, and to nobody before', async () => {
    const { gpu, uuid, files } = newGpu();
    const before = [1, 2, 3].map(() => run('share_gpu.py', uuid));
    for (const one of before) await expect.poll(one.said, patience).toBe(sharing);
    let isAlone = false;
    const alone = takeGpusAlone([gpu], never).then((turn) => {
      isAlone = true;
      return turn;
    });
    // Who waits for the others to leave has the gate.
    const gateIsTaken = (): boolean => spawnSync('flock', ['-n', files.gate, 'true']).status !== 0;
    await expect.poll(gateIsTaken, patience).toBe(true);
    const after = [1, 2, 3, 4].map(() => run('share_gpu.py', uuid));
    for (const one of after) await expect.poll(one.said, patience).toBe('wants\n');
    for (const one of before) {
      expect(isAlone).toBe(false);
      expect(after.map(({ said }) => said())).toEqual(after.map(() => 'wants\n'));
      await one.end();
    }
    const turn = await alone;
    expect(after.map(({ said }) => said())).toEqual(after.map(() => 'wants\n'));
    await turn.giveBack();
    for (const one of after) await expect.poll(one.said, patience).toBe(sharing);
    await Promise.all(after.map(({ end }) => end()));
  });

  it('come to all who want it alone while many share it again and again, and nobody goes before who waits for the last to leave', async () => {
    const { uuid } = newGpu();
    const log = join(folder, `${uuid}.log`);
    const sharers = Array.from({ length: 6 }, (_, n) =>
      run('loop_turns.py', uuid, log, `s${n}`, 'shared', '0'),
    );
    const read = (): string[] => readFileSync(log, { encoding: 'utf8', flag: 'a+' }).trim().split('\n');
    await expect
      .poll(() => new Set(read().filter((line) => line.startsWith('has s'))).size, patience)
      .toBe(6);
    const turns = 8;
    const alone = Array.from({ length: 3 }, (_, n) =>
      run('loop_turns.py', uuid, log, `a${n}`, 'alone', String(turns)),
    );
    // Nobody stops sharing before all of these had their turns.
    expect(await Promise.all(alone.map(({ ended }) => ended))).toEqual([0, 0, 0]);
    await Promise.all(sharers.map(({ end }) => end()));
    const has = new Set<string>();
    let atGate: string | undefined;
    const had = new Map<string, number>();
    for (const line of read()) {
      const [word = '', name = ''] = line.split(' ');
      if (word === 'leaves') expect(has.delete(name)).toBe(true);
      if (word === 'gate') {
        // Nobody else comes in, not even those who share, until who has the gate has the GPU.
        expect(atGate).toBeUndefined();
        atGate = name;
      }
      if (word !== 'has') continue;
      expect(atGate).toBe(name);
      atGate = undefined;
      if (name.startsWith('a')) expect([...has]).toEqual([]);
      else expect([...has].filter((other) => other.startsWith('a'))).toEqual([]);
      has.add(name);
      had.set(name, (had.get(name) ?? 0) + 1);
    }
    expect(alone.map((_, n) => had.get(`a${n}`))).toEqual([turns, turns, turns]);
  });
});
