import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const likeness = z.object({
  kernels: z.number(),
  tau: z.number(),
  sameTopThree: z.boolean(),
  opposed: z.record(z.string(), z.number()),
});
const ranking = z.object({
  ...{ kernels: z.number(), valued: z.number(), secondsAKernel: z.number(), timesTheBaseline: z.number() },
  ...{ stoppedByLook: z.number(), stoppedByRace: z.number(), racedInVain: z.number() },
  meanStagesS: z.record(z.string(), z.number()),
  against: z.object({ protocol: likeness, unraced: likeness }),
});
const schema = z.object({
  ...{ cut: ranking, whole: ranking, initial: ranking, noisy: ranking, firstBroken: ranking },
  ...{ callsBefore: z.number(), calls: z.number(), parentsOfInitial: z.number() },
  ...{ parentsFall: z.boolean(), firstAlone: z.boolean() },
});

describe('the ranking of TriMul kernels by raced evaluations, with kernels that are not run', () => {
  const out = mkdtempSync(join(tmpdir(), 'ranking-'));
  let facts: z.infer<typeof schema>;
  beforeAll(async () => {
    const script = join(import.meta.dirname, 'support', 'ranking_trials.py');
    const told = join(out, 'facts.json');
    const env = { ...process.env, OUT: out, FACTS: told, PYTHONDONTWRITEBYTECODE: '1' };
    await promisify(execFile)('python3', [script], { env, maxBuffer: 16 * 1024 ** 2 });
    facts = schema.parse(JSON.parse(readFileSync(told, 'utf8')));
  }, 120_000);
  afterAll(() => {
    rmSync(out, { recursive: true, force: true });
  });

  it('keeps what it has when its time is over, and goes on with the rest', () => {
    expect([facts.cut.kernels, facts.callsBefore]).toEqual([10, 10]);
    expect([facts.whole.kernels, facts.calls]).toEqual([24, 24]);
    expect(facts.whole.secondsAKernel).toBeCloseTo(10, 6);
    expect(facts.whole.timesTheBaseline).toBeCloseTo(27.1, 6);
  });

  it('compares each kernel with the best so far that was not stopped, or with the first one', () => {
    expect([facts.firstAlone, facts.parentsFall]).toEqual([true, true]);
    expect(facts.whole.stoppedByLook).toBeGreaterThan(facts.initial.stoppedByLook);
    expect(facts.parentsOfInitial).toBe(1);
    expect(facts.initial.racedInVain + facts.initial.stoppedByRace).toBeGreaterThan(0);
    expect(facts.noisy.racedInVain + facts.noisy.stoppedByRace).toBe(0);
  });

  it("says how like the protocol's ranking and that of whole evaluations it is", () => {
    const { protocol, unraced } = facts.whole.against;
    expect(protocol).toEqual(
      expect.objectContaining({ kernels: 23, tau: 1, sameTopThree: true, opposed: {} }),
    );
    // What was recorded of the two: three of 45 pairs are opposed.
    expect(unraced.kernels).toBe(10);
    expect(unraced.tau).toBeCloseTo(1 - 6 / 45, 10);
    expect(Object.keys(unraced.opposed)).toHaveLength(3);
    expect(facts.noisy.against.protocol.tau).toBeLessThan(0.95);
    expect(facts.noisy.against.protocol.sameTopThree).toBe(false);
  });

  it('ranks the others where a kernel has no value, and runs all of them to the end where that is the first', () => {
    expect([facts.noisy.kernels, facts.noisy.valued]).toEqual([24, 23]);
    expect(facts.firstBroken).toMatchObject({ kernels: 24, valued: 23, stoppedByLook: 0 });
    expect(facts.firstBroken.against.protocol.tau).toBe(1);
  });
});
