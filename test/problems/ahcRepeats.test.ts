import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { physicalCores, readTopology } from '../../src/evaluation/leases/physicalCores';
import { strangersOn } from '../evaluation/atCoder/strangers';
import { folderOf, python } from './ahc/contestScripts';

const folder = mkdtempSync(join(tmpdir(), 'ahc-repeats-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(['ahc039', 'ahc058'])('cases of %s that others disturb', (name) => {
  /** What this Python prints, which finds the problem's modules and these words. */
  const printed = (script: string, given: unknown): unknown => {
    const begin = 'import sys, json; sys.path.insert(0, sys.argv[1]); given = json.load(sys.stdin)\n';
    return JSON.parse(python('-c', [`${begin}${script}`, folderOf(name)], JSON.stringify(given)));
  };

  /** Of a core with one other processor: how long others had it while the program computed for so long, in hundredths of a second. */
  const taken = (idle: readonly [own: number, beside: number], passed: number, computed: number): unknown => {
    const stat = (own: number, beside: number): string =>
      `cpu  9 9 9 9 9\ncpu0 1 2 3 ${own} 7 0 0\ncpu1 0 0 0 ${beside} 0 0 0\nintr 5\n`;
    writeFileSync(join(folder, 'before'), stat(100, 500));
    writeFileSync(join(folder, 'after'), stat(100 + idle[0], 500 + idle[1]));
    const script = `import disturbance, time
folder, passed, computed = given
times = iter((10.0, 10.0 + passed))
disturbance.time.monotonic = lambda: next(times)
def read(name):
    disturbance.STAT = f"{folder}/{name}"
    return disturbance.read_core(0, {1})
print(round(100 * disturbance.taken_by_others(read("before"), read("after"), computed)))`;
    return printed(script, [folder, passed / 100, computed / 100]);
  };

  it('are known by what the core did beside the program', () => {
    expect(taken([0, 200], 200, 200)).toBe(0);
    expect(taken([150, 200], 200, 50)).toBe(0);
    // Less what may be rounding.
    expect(taken([0, 200], 200, 120)).toBe(78);
    // What it computes itself, in threads too, is none of others.
    expect(taken([0, 200], 200, 320)).toBe(0);
    // The other processor counts half.
    expect(taken([0, 98], 200, 200)).toBe(50);
  });

  it('are known to be nothing where the kernel does not tell', () => {
    const script = `import disturbance
disturbance.STAT = given
print(json.dumps([disturbance.read_core(0, set()), disturbance.taken_by_others(None, None, 1.0), disturbance.is_quiet(0, set())]))`;
    expect(printed(script, join(folder, 'absent'))).toEqual([null, 0, true]);
  });

  /** Runs of one case after the other: which of them counts, and how many there were. */
  const kept = (runs: readonly unknown[], until = 1e12): unknown => {
    const script = `from types import SimpleNamespace
from repeats import Repeats
runs, until = given
made = []
def judge(quiet_within_s):
    made.append(quiet_within_s)
    usual = dict(verdict="AC", cpu_s=1.0, wall_s=2.0, waited_s=0.0, taken_s=0.0)
    return SimpleNamespace(**{**usual, **runs[len(made) - 1]}), len(made)
print(json.dumps([Repeats(until).least_disturbed(judge)[1], made]))`;
    return printed(script, [runs, until]);
  };

  it('are run again, at most twice, and the run counts that was disturbed least', () => {
    expect(kept([{ taken_s: 0.03 }])).toEqual([1, [0]]);
    expect(kept([{ taken_s: 0.5 }, {}])).toEqual([2, [0, 2]]);
    expect(kept([{ taken_s: 0.5 }, { taken_s: 0.3 }, { taken_s: 0.4 }])).toEqual([2, [0, 2, 2]]);
    expect(kept([{ taken_s: 0.5 }], 0)).toEqual([1, [0]]);
  });

  it('fail at once for what others are not to blame', () => {
    const disturbed = { taken_s: 0.5 };
    expect(kept([{ ...disturbed, verdict: 'WA' }])).toEqual([1, [0]]);
    expect(kept([disturbed, { ...disturbed, verdict: 'RE' }])).toEqual([2, [0, 2]]);
    expect(kept([{ ...disturbed, verdict: 'TLE', cpu_s: 2.4 }])).toEqual([1, [0]]);
    expect(kept([{ ...disturbed, verdict: 'TLE', wall_s: 3 }])).toEqual([1, [0]]);
    expect(kept([{ ...disturbed, verdict: 'TLE', cpu_s: 2.1 }, {}])).toEqual([2, [0, 2]]);
  });

  it('are told of, with strangers on every core', () => {
    const end = strangersOn(
      physicalCores(readTopology()).map(({ processor }) => processor),
      2,
    );
    const result = join(folder, `${name}.json`);
    try {
      execFileSync('python3', [join(folderOf(name), 'evaluate.py'), '--cases', '1'], {
        env: {
          ...process.env,
          ...{ DISCOVER_CANDIDATE: join(folderOf(name), 'initial.cpp'), DISCOVER_SEED: '1' },
          ...{ DISCOVER_RESULT: result, PYTHONDONTWRITEBYTECODE: '1' },
        },
      });
    } finally {
      end();
    }
    const verdict = z.object({ feedback: z.string(), metrics: z.record(z.string(), z.number()) });
    const { feedback, metrics } = verdict.parse(JSON.parse(readFileSync(result, 'utf8')));
    expect(metrics).toMatchObject({ repeated_cases: 1, disturbed_cases: 1 });
    expect(feedback).toContain('1 of the cases were run again, for others computed on their cores.');
  }, 120_000);
});
