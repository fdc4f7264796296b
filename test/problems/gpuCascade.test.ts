import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

// Without a GPU: processes, times and what the GPU does are made up (support/standin_gpu.py), all decisions are the evaluators' own.
const support = join(import.meta.dirname, 'support');
const problems = join(import.meta.dirname, '../../problems');

const evaluation = z.object({
  value: z.number(),
  true: z.number(),
  stopped: z.number().nullable(),
  raced: z.number().nullable(),
  rounds: z.number().nullable(),
  saved: z.number().nullable(),
  stages: z.array(z.string()),
  checked: z.number(),
  rival: z.boolean(),
  rivalEnded: z.boolean(),
  moves: z.number(),
  words: z.string(),
  shown: z.number(),
});
const trials = z.object({
  stopped: z.number(),
  error: z.number(),
  wholeError: z.number(),
  leastAgainstParent: z.number().nullable(),
  errorOfStopped: z.number().nullable(),
});
const factsSchema = z.object({
  flow: z.object({
    ...{ firstCases: z.number(), restCases: z.number(), shapes: z.number(), race_rounds: z.number() },
    ...{ allCases: z.boolean(), smallestFirst: z.boolean(), sameInputs: z.boolean() },
    ...{ roundsOfRival: z.number(), byTurns: z.array(z.array(z.string())) },
    ...{ alone: evaluation, faster: evaluation, much: evaluation, raced: evaluation },
    ...{ rivalFails: evaluation, noMemoryForTwo: evaluation, wrongAndMuchSlower: evaluation },
    leaves: z.record(z.string(), z.string()),
    ...{ roomAlone: evaluation, noRoom: z.string(), estimates: z.array(z.number()) },
    ...{ disturbed: evaluation, wrongInTheRace: z.string(), wrongLate: z.string() },
    wrongEarly: z.object({ rejected: z.string(), timed: z.boolean() }),
  }),
  onFullGpu: z.string(),
  waiting: z.object({
    ...{ waitedS: z.number(), stages: z.record(z.string(), z.number()), savedS: z.number() },
  }),
  given: z.object({
    ...{ usual: z.boolean(), strict: z.boolean(), estimate: z.boolean(), whole: z.boolean() },
    ...{ absent: z.boolean(), otherScale: z.boolean(), shapeMissing: z.boolean() },
    again: z.object({ metrics: z.record(z.string(), z.number()), feedback: z.string() }),
  }),
  rates: z.record(z.string(), z.object({ look: z.number(), race: z.number() })),
  equal: trials,
  equalWithBadRounds: trials,
  better: trials,
  slower: z.record(z.string(), trials),
  bound: z.number(),
});
type Facts = z.infer<typeof factsSchema>;

describe.each(['trimul', 'mla-decode'])('the evaluator of %s, which gets the parent of a program', (name) => {
  let facts: Facts;
  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(
      'python3',
      [join(support, 'cascade_trials.py'), join(problems, name)],
      { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' }, maxBuffer: 16 * 1024 ** 2 },
    );
    facts = factsSchema.parse(JSON.parse(stdout));
  }, 600_000);

  it('gives the same value to a program that it does not stop as without a parent, from as many rounds and cases', () => {
    const { alone, faster, firstCases, restCases, shapes, allCases } = facts.flow;
    expect(faster.value).toBe(alone.value);
    expect(faster.value).toBeCloseTo(faster.true, 6);
    expect([faster.moves, faster.checked]).toEqual([alone.moves, alone.checked]);
    expect(alone.checked).toBe(firstCases + restCases);
    expect(allCases).toBe(true);
    expect(alone.moves).toBe(4 * shapes);
    expect(alone.stopped).toBeNull();
    expect([faster.stopped, faster.rival]).toEqual([0, false]);
    expect(faster.stages).toEqual(['start_s', 'compile_s', 'correctness_s', 'quick_s', 'timing_s']);
  });

  it('stops what is much slower after two rounds, half of the cases and without its parent, and says that the value is an estimate', () => {
    const { much, firstCases, shapes, smallestFirst } = facts.flow;
    expect(much).toMatchObject({ stopped: 1, raced: 0, rounds: 2, checked: firstCases, rival: false });
    expect([much.moves, much.shown, smallestFirst]).toEqual([2 * shapes, shapes, true]);
    expect(much.value).toBeCloseTo(much.true, 6);
    expect(much.stages).toEqual(['start_s', 'compile_s', 'correctness_s', 'quick_s']);
    expect(much.saved).toBeGreaterThan(0);
    expect(much.words).toContain('50.0% slower than its parent');
    expect(much.words).toContain('an estimate');
    expect(much.words).toContain('a probability of 1% at most');
  });

  it('lets parent and program race by turns on the same inputs where one look leaves it open', () => {
    const { raced, sameInputs, roundsOfRival, race_rounds: most, byTurns, shapes } = facts.flow;
    expect(raced).toMatchObject({ rival: true, rivalEnded: true, stopped: 0 });
    expect(raced.value).toBeCloseTo(raced.true, 6);
    expect(raced.stages).toEqual([
      ...['start_s', 'compile_s', 'correctness_s', 'quick_s', 'incumbent_s', 'race_s', 'timing_s'],
    ]);
    // The rounds of a race are rounds of the whole protocol.
    expect(raced.moves).toBe(4 * shapes);
    expect([sameInputs, roundsOfRival]).toEqual([true, most]);
    const turns = byTurns.map(([first, , , last]) => [first, last]);
    expect(turns).toEqual(
      turns.map((_, index) => (index % 2 === 0 ? ['candidate', 'rival'] : ['rival', 'candidate'])),
    );
  });

  it('counts no wait for the GPU as a stage, nor as time that a stop saved', () => {
    const { waitedS, stages, savedS } = facts.waiting;
    expect(waitedS).toBeGreaterThan(5 * 3600);
    const names = ['start_s', 'compile_s', 'correctness_s', 'quick_s', 'incumbent_s', 'race_s', 'timing_s'];
    expect(Object.keys(stages)).toEqual(names);
    expect(Math.max(savedS, ...Object.values(stages))).toBeLessThan(3600);
  });

  it('runs a program to the end where the race cannot be held', () => {
    const { rivalFails, noMemoryForTwo } = facts.flow;
    for (const whole of [rivalFails, noMemoryForTwo]) {
      expect(whole).toMatchObject({ stopped: 0, rivalEnded: true });
      expect(whole.value).toBeCloseTo(whole.true, 6);
    }
  });

  it('rejects a wrong program before it is timed, in the race, or before it gets a value that is none of an estimate', () => {
    const { wrongEarly, wrongInTheRace, wrongLate, wrongAndMuchSlower } = facts.flow;
    expect(wrongEarly).toEqual({ rejected: 'Wrong output of candidate.', timed: false });
    expect(wrongInTheRace).toContain('Wrong output for a timed call.');
    expect(wrongLate).toBe('Wrong output of candidate.');
    // What is known of it is that it is slower.
    expect(wrongAndMuchSlower.stopped).toBe(1);
  });

  it('runs a program alone where others on the GPU leave it no memory, and rejects it where it has too little then, too', () => {
    const { roomAlone, noRoom, firstCases, restCases } = facts.flow;
    expect(roomAlone.checked).toBe(firstCases + restCases);
    expect(roomAlone.value).toBeCloseTo(roomAlone.true, 6);
    expect(noRoom).toContain('out of memory');
  });

  it('gives the memory of the GPU back in a turn, when nobody else takes times', () => {
    const { wrong, ...ofThoseTimed } = facts.flow.leaves;
    expect(wrong).toBe('shared');
    expect(Object.keys(ofThoseTimed)).toHaveLength(6);
    expect([...new Set(Object.values(ofThoseTimed))]).toEqual(['alone']);
  });

  it('blames the host where the GPU is full before the program has begun', () => {
    expect(facts.onFullGpu).toBe('The GPU is full.');
  });

  it('takes the better one of two rounds that noise cannot explain', () => {
    expect(facts.flow.estimates[0]).toBe(345);
    expect(facts.flow.estimates[1]).toBeCloseTo(350, 9);
  });

  it('does not stop by times that were taken while the GPU was at other work', () => {
    const { disturbed } = facts.flow;
    expect(disturbed.stopped === 0 || disturbed.raced === 1).toBe(true);
  });

  it('compares with nothing in a run that decides about a best, with no estimate, and with no value on another scale', () => {
    const { usual, whole, again, ...others } = facts.given;
    expect([usual, whole]).toEqual([true, true]);
    expect(Object.values(others)).toEqual([false, false, false, false, false]);
    expect(again.metrics).toMatchObject({ geomean_us: 1000, same_as_parent: 1 });
    expect(again.metrics).not.toHaveProperty('start_s');
    expect(again.feedback).toContain('not run again');
  });

  it('has rules that stop a program which is as fast as its parent with half a percent each at most, whatever the noise is like', () => {
    const rates = Object.values(facts.rates);
    expect(rates).toHaveLength(6);
    for (const { look, race } of rates) {
      expect(look).toBeLessThan(0.005);
      expect(race).toBeLessThan(0.005);
    }
  });

  it('stops a program that is as fast as its parent or faster in less than 1 % of evaluations', () => {
    for (const { stopped } of [facts.equal, facts.equalWithBadRounds, facts.better])
      expect(stopped).toBeLessThan(0.01);
  });

  it('stops nearly everything that is slower by half more than the bound of a look', () => {
    const slower = Object.entries(facts.slower).filter(
      ([factor]) => Math.log(Number(factor)) > 1.35 * facts.bound,
    );
    expect(slower.length).toBeGreaterThan(0);
    for (const [, { stopped }] of slower) expect(stopped).toBeGreaterThan(0.95);
  });

  it('gives values that are on average what whole evaluations give, those of stopped programs up to 1.5 % too bad', () => {
    for (const found of [facts.equal, facts.equalWithBadRounds, facts.better])
      expect(Math.abs(found.error - found.wholeError)).toBeLessThan(0.001);
    for (const found of Object.values(facts.slower)) {
      expect(Math.abs(found.error - found.wholeError)).toBeLessThan(0.005);
      if (found.errorOfStopped === null) continue;
      expect(found.errorOfStopped).toBeGreaterThan(-0.001);
      expect(found.errorOfStopped).toBeLessThan(0.015);
    }
  });

  it('never gives an estimate that is as good as what the parent has', () => {
    const least = Object.values(facts.slower).flatMap(({ leastAgainstParent: one }) => one ?? []);
    expect(least.length).toBeGreaterThan(0);
    for (const one of least) expect(one).toBeGreaterThan(0);
  });
});
