import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundleProgram } from '../../support/bundledProgram';
import { allProcesses, readProcess, withDescendants } from '../../../src/evaluation/processTable';
import { keptBy, untilRooms } from './keptProcesses';
import { createRuns } from './warmRuns';

const minuteMs = 60_000;
/** Tells when its sandbox was made: the start of the first process there, in ticks since the boot. */
const whenMade = {
  'evaluate.py': 'print(open("/proc/1/stat").read().rpartition(")")[2].split()[19])',
};

describe('a sandbox that waits', () => {
  let passedMs = 0;
  const warm = createRuns('warm', () => performance.now() + passedMs);
  afterAll(async () => {
    expect(warm.said).toEqual([]);
    await warm.remove();
  });

  it.each([
    ['is used before it has waited for five minutes', 4 * minuteMs, true],
    ['is thrown away after five minutes, and the evaluation has a new one', 5 * minuteMs, false],
  ])('%s', async (_what, waitsMs, isUsed) => {
    await warm.run(whenMade);
    const [waiting = 0] = await untilRooms(process.pid, 1);
    const made = readProcess(waiting)?.startTicks;
    expect(made).toBeDefined();
    passedMs += waitsMs;
    const { output, isWarm } = await warm.run(whenMade);
    expect(isWarm).toBe(true);
    if (isUsed) expect(output).toBe(`${made}\n`);
    else expect(Number(output)).toBeGreaterThan(made ?? Infinity);
    const left = await untilRooms(process.pid, 1);
    expect(left).not.toContain(waiting);
  });
});

describe('a runner that is killed', () => {
  const base = mkdtempSync(join(tmpdir(), 'warm-killed-'));
  /** The temporary folder of the runners. */
  let shared = '';
  const program = join(base, 'warmRunner.mjs');
  const children = new Set<ChildProcess>();
  beforeAll(async () => {
    await bundleProgram(join(import.meta.dirname, 'warmRunner.ts'), program);
  });
  beforeEach(() => {
    shared = mkdtempSync(join(base, 'tmp-'));
  });
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
  });
  afterAll(() => rmSync(base, { recursive: true, force: true }));

  async function runnerThatIs(what: 'waiting' | 'running'): Promise<ChildProcess & { pid: number }> {
    const child = spawn(process.execPath, [program, what], {
      env: { ...process.env, TMPDIR: shared },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    children.add(child);
    const { pid } = child;
    if (pid === undefined) throw new Error('It did not start.');
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    expect(child.exitCode).toBeNull();
    return Object.assign(child, { pid });
  }

  it.each([
    ['a sandbox waits', 'waiting', 1],
    ['an evaluation runs and another sandbox waits', 'running', 2],
  ] as const)('leaves no process behind while %s', async (_what, state, rooms) => {
    const runner = await runnerThatIs(state);
    const first = await untilRooms(runner.pid, rooms);
    await vi.waitFor(
      () => expect(allProcesses().some(({ parentPid }) => first.includes(parentPid))).toBe(rooms === 2),
      { timeout: 30_000 },
    );
    const all = withDescendants([runner.pid]);
    expect(all.map(({ pid }) => pid)).toEqual(
      expect.arrayContaining([...keptBy(runner.pid).zygotes, ...first]),
    );
    runner.kill('SIGKILL');
    await vi.waitFor(
      () => {
        const left = all.filter(({ pid, startTicks }) => readProcess(pid)?.startTicks === startTicks);
        expect(left).toEqual([]);
      },
      { timeout: 30_000 },
    );
  });

  it('leaves a folder that the next runner removes, which leaves alone that of one that lives', async () => {
    const folders = (): string[] =>
      readdirSync(shared).filter((name) => name.startsWith('ttt-discover-warm-'));
    await runnerThatIs('waiting');
    const ofLiving = folders();
    expect(ofLiving).toHaveLength(1);
    const killed = await runnerThatIs('running');
    const ofBoth = folders();
    expect(ofBoth).toHaveLength(2);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(folders()).toEqual(ofBoth);
    await runnerThatIs('waiting');
    expect(folders().filter((name) => ofBoth.includes(name))).toEqual(ofLiving);
    expect(readdirSync(join(shared, ofLiving[0] ?? '')).sort()).toEqual(['owner', 'rooms']);
  });
});
