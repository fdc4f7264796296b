import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { pythonWithTorch } from './support/pythonWithTorch';

const likeness = z.object({
  kernels: z.number(),
  tau: z.number(),
  sameTopThree: z.boolean(),
  ...{ tauBeyond2Percent: z.number().nullable(), pairsBeyond2Percent: z.number() },
  medianDifferencePercent: z.number(),
  opposed: z.record(z.string(), z.number()),
});
const ofNothing = z.strictObject({ kernels: z.literal(0) });
const ranking = z.object({
  ...{ kernels: z.number(), valued: z.number(), secondsAKernel: z.number(), timesTheBaseline: z.number() },
  ...{ stoppedByLook: z.number(), stoppedByRace: z.number(), racedInVain: z.number() },
  meanStagesS: z.record(z.string(), z.number()),
  against: z.object({ protocol: likeness, unraced: likeness }),
  protocolWithItself: likeness.nullable(),
});
const ofSpread = (protocol: typeof likeness | typeof ofNothing) =>
  ranking.extend({ against: z.object({ protocol, unraced: ofNothing }) });
const schema = z.object({
  ...{ cut: ranking, whole: ranking, initial: ranking, noisy: ranking, firstBroken: ranking },
  ...{ callsBefore: z.number(), calls: z.number(), parentsOfInitial: z.number() },
  ...{ parentsFall: z.boolean(), firstAlone: z.boolean(), files: z.array(z.string()) },
  ...{
    spread: ofSpread(ofNothing),
    spreadAgain: ofSpread(ofNothing),
    spreadWithProtocol: ofSpread(likeness),
  },
  ...{ twoPasses: ranking, nearby: likeness, allNearby: likeness },
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

  it('keeps what it has of another set apart, and does without records of that', () => {
    expect(facts.files).toEqual(
      expect.arrayContaining(['trimul-raced-best-1.json', 'trimul-raced-best-1-spread.json']),
    );
    expect(facts.spread.kernels).toBeGreaterThanOrEqual(20);
    expect(facts.spread.valued).toBe(facts.spread.kernels);
    expect(facts.spreadAgain).toEqual(facts.spread);
    expect(facts.spread.protocolWithItself).toBeNull();
    expect(facts.spreadWithProtocol).toMatchObject({
      against: { protocol: { kernels: facts.spread.kernels, tau: 1 } },
      protocolWithItself: null,
    });
  });

  it('says how like the protocol is to itself where it ran twice, apart from what all kernels have in common', () => {
    expect(facts.whole.protocolWithItself).toBeNull();
    const passes = facts.twoPasses.protocolWithItself;
    expect(passes?.kernels).toBe(23);
    expect(passes?.tau).toBeLessThan(1);
    expect(Object.keys(passes?.opposed ?? {})).not.toHaveLength(0);
    expect(passes?.medianDifferencePercent).toBeCloseTo(0, 8);
  });

  it('counts the pairs apart that are 2 % apart or more', () => {
    expect(facts.nearby).toMatchObject({ tauBeyond2Percent: 1, pairsBeyond2Percent: 2 });
    expect(facts.nearby.tau).toBeCloseTo(1 / 3, 10);
    expect(facts.nearby.medianDifferencePercent).toBeCloseTo(100 * Math.log(1.01), 6);
    expect(facts.allNearby).toMatchObject({ tau: -1, tauBeyond2Percent: null, pairsBeyond2Percent: 0 });
  });

  it('says which sets there are where one is named that is not', async () => {
    const script = join(import.meta.dirname, 'trimul', 'ranking.py');
    for (const words of [
      ['ours', 'far'],
      ['protocol', '1', 'node'],
      ['raced', '1', 'best', '1', 'far'],
    ]) {
      await expect(promisify(execFile)('python3', [script, ...words])).rejects.toThrow(
        'there are close, spread.',
      );
    }
  });
});

describe('the kernels to rank', () => {
  const script = join(import.meta.dirname, 'support', 'ranked_kernels_trials.py');
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', CUDA_VISIBLE_DEVICES: '' };
  const sets = z.record(z.string(), z.object({ names: z.array(z.string()), texts: z.number() }));

  it('have names and texts of their own that can be read as Python, twenty or more in each set', async () => {
    const { stdout } = await promisify(execFile)('python3', [script], { env });
    const found = sets.parse(JSON.parse(stdout));
    expect(Object.keys(found)).toEqual(['close', 'spread']);
    for (const { names, texts } of Object.values(found)) {
      expect(names.length).toBeGreaterThanOrEqual(20);
      expect([new Set(names).size, texts]).toEqual([names.length, names.length]);
    }
  });

  const python = pythonWithTorch('the kernels of the set spread are not run');
  it.runIf(python)(
    'are all correct on a case with a mask and heavy tails, however slow they are',
    async () => {
      const { stdout } = await promisify(execFile)(python ?? '', [script, 'spread'], { env });
      const found = z.record(z.string(), z.string().nullable()).parse(JSON.parse(stdout));
      expect(Object.keys(found).length).toBeGreaterThanOrEqual(20);
      expect(Object.entries(found).filter(([, wrong]) => wrong !== null)).toEqual([]);
    },
    300_000,
  );
});
