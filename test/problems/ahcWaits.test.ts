import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { physicalCores, readTopology } from '../../src/evaluation/leases/physicalCores';
import { holding } from '../evaluation/atCoder/coreHolders';
import { folderOf, ownFolder, python } from './ahc/contestScripts';

const folder = mkdtempSync(join(tmpdir(), 'ahc-waits-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['ahc039', 'ahc058'])('an evaluation of %s', (name) => {
  /** What it says of its waiting after these uses of cores: when one was asked for, had, and given back. */
  const waited = (uses: readonly (readonly [number, number, number])[]): number => {
    const script = `import sys, json; sys.path.insert(0, sys.argv[1]); from waiting import Waiting; waiting = Waiting()
for use in json.load(sys.stdin): waiting.add(*use)
print(waiting.seconds())`;
    return Number(python('-c', [script, folderOf(name)], JSON.stringify(uses)));
  };

  it('waited while it had no core and wanted one', () => {
    expect(waited([])).toBe(0);
    expect(waited([[1, 1, 5]])).toBe(0);
    expect(waited([[1, 3, 5]])).toBe(2);
    // The second has no core from 1 to 5, while the first has one from 2 to 4.
    const two = [
      [1, 2, 4],
      [1, 5, 6],
    ] as const;
    expect(waited(two)).toBe(2);
    expect(waited(two.toReversed())).toBe(2);
  });

  it('tells in its result, and beside each case, how long it waited for cores that others had', async () => {
    const result = join(folder, `${name}.json`);
    const beganMs = performance.now();
    const giveBack = await holding(physicalCores(readTopology()).map(({ core }) => core));
    const child = spawn(
      'python3',
      [join(ownFolder, 'waiting_evaluation.py'), folderOf(name), '--cases', '1'],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
        env: {
          ...process.env,
          ...{ DISCOVER_CANDIDATE: join(folderOf(name), 'initial.cpp'), DISCOVER_SEED: '1' },
          ...{ DISCOVER_RESULT: result, DISCOVER_CASES: '3' },
        },
      },
    );
    const ended = new Promise((resolve) => child.once('close', resolve));
    let cases = '';
    child.stdio[3]?.on('data', (chunk: Buffer) => (cases += chunk.toString()));
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const seenMs = performance.now();
    await expect.poll(() => performance.now() - seenMs).toBeGreaterThan(20);
    const releasedMs = performance.now();
    await giveBack();
    expect(await ended).toBe(0);
    const told = z.object({ waited_s: z.number() });
    const { waited_s: waitedS } = told.parse(JSON.parse(readFileSync(result, 'utf8')));
    expect(1000 * waitedS).toBeGreaterThanOrEqual(releasedMs - seenMs - 5);
    expect(1000 * waitedS).toBeLessThan(performance.now() - beganMs);
    expect(told.parse(JSON.parse(cases)).waited_s).toBe(waitedS);
  });
});
