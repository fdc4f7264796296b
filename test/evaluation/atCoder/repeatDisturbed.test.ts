import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Repeats } from '../../../src/evaluation/atCoder/repeatDisturbed';
import type { RanCase } from '../../../src/evaluation/atCoder/runCase';

const quiet = (score: number): RanCase => disturbed(0, score);

function disturbed(waitedMs: number, score = 1, more: Partial<RanCase> = {}): RanCase {
  const measurement = { exitCode: 0, wallMs: 2000, cpuMs: 1900 - waitedMs, waitedMs };
  return { seed: 1, verdict: 'AC', score, measurement, isByOthers: true, ...more };
}

interface Ran {
  readonly kept: RanCase;
  /** How long each run looked for a quiet core. */
  readonly quietWithinMs: readonly number[];
}

/** A case whose runs come out like these. */
async function ran(outcomes: readonly RanCase[], repeats = new Repeats(() => true)): Promise<Ran> {
  const asked: number[] = [];
  const kept = await repeats.leastDisturbed((quietWithinMs) => {
    const outcome = outcomes[asked.push(quietWithinMs) - 1];
    return outcome === undefined ? Promise.reject(new Error('run too often')) : Promise.resolve(outcome);
  });
  return { kept, quietWithinMs: asked };
}

describe('a case that others disturbed', () => {
  it('is run again on a quiet core, and the run counts that was disturbed least, whatever its score', async () => {
    const { kept, quietWithinMs } = await ran([disturbed(900, 9), quiet(3)]);
    expect(kept).toEqual({ ...quiet(3), runs: 2 });
    expect(quietWithinMs).toEqual([0, 2000]);
  });

  it('is run three times at most', async () => {
    const { kept } = await ran([disturbed(900, 1), disturbed(500, 2), disturbed(700, 3)]);
    expect(kept).toEqual({ ...disturbed(500, 2), runs: 3 });
  });

  it('is run once where others had next to nothing, or what they had cannot be told from its own', async () => {
    expect((await ran([disturbed(30)])).kept).toEqual(disturbed(30));
    const unknown = disturbed(900, 1, { isByOthers: false });
    expect((await ran([unknown])).kept).toEqual(unknown);
  });

  it('counts what others did on the other processor of the core half', async () => {
    const beside = (besideMs: number): RanCase => ({
      ...quiet(1),
      measurement: { exitCode: 0, wallMs: 2000, cpuMs: 1900, waitedMs: 0, besideMs },
    });
    expect((await ran([beside(70)])).kept.runs).toBeUndefined();
    expect((await ran([beside(90), quiet(2)])).kept.score).toBe(2);
  });

  it('fails at once for what others are not to blame, in whichever run', async () => {
    const wrong = disturbed(900, 1, { verdict: 'WA' });
    expect((await ran([wrong])).kept).toEqual(wrong);
    expect((await ran([disturbed(800), wrong])).kept).toEqual({ ...wrong, runs: 2 });
    const late = disturbed(900, 1, { verdict: 'TLE' });
    expect((await ran([late])).kept).toEqual(late);
  });

  it('is late only if it is where it was disturbed least', async () => {
    const late = (waitedMs: number): RanCase => disturbed(waitedMs, 1, { verdict: 'TLE', mayBeInTime: true });
    expect((await ran([late(900), quiet(1)])).kept.verdict).toBe('AC');
    expect((await ran([disturbed(900), late(100), disturbed(500)])).kept.verdict).toBe('TLE');
  });

  it('is not run again when that was in vain four times, or when there is no time for it', async () => {
    const repeats = new Repeats(() => true);
    const always = [disturbed(900), disturbed(900), disturbed(900)];
    expect((await ran(always, repeats)).kept.runs).toBe(3);
    expect((await ran(always, repeats)).kept.runs).toBe(3);
    expect((await ran(always, repeats)).kept.runs).toBeUndefined();
    expect((await ran(always, new Repeats(() => false))).kept.runs).toBeUndefined();
  });

  it('is chosen by what others did alone: other scores choose the same run', async () => {
    const run = fc.record({ waitedMs: fc.nat(1900), score: fc.nat(), other: fc.nat() });
    await fc.assert(
      fc.asyncProperty(fc.array(run, { minLength: 3, maxLength: 3 }), async (runs) => {
        const one = await ran(runs.map(({ waitedMs, score }) => disturbed(waitedMs, score)));
        const two = await ran(runs.map(({ waitedMs, other }) => disturbed(waitedMs, other)));
        const had = runs.slice(0, one.quietWithinMs.length).map(({ waitedMs }) => waitedMs);
        expect(two.quietWithinMs).toEqual(one.quietWithinMs);
        expect(one.kept.measurement?.waitedMs).toBe(Math.min(...had));
        expect(two.kept.score).toBe(runs[had.indexOf(Math.min(...had))]?.other);
      }),
    );
  });
});
