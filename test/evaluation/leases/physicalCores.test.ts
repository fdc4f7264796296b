import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numbersIn, physicalCores } from '../../../src/evaluation/leases/physicalCores';

/** `siblings`: the processors of each core, as the kernel writes them. */
function coresOf(allowed: string, ...siblings: readonly string[]): readonly string[] {
  const cores = siblings.map(numbersIn);
  const found = physicalCores({
    allowed: numbersIn(allowed),
    siblings: new Map(cores.flatMap((threads) => threads.map((thread) => [thread, threads]))),
  });
  return found.map(({ core, processor }) => (core === processor ? String(core) : `${core} by ${processor}`));
}

describe('cores to time programs on', () => {
  it('are all processors where each has a core of its own', () => {
    expect(coresOf('0-3', '0', '1', '2', '3')).toEqual(['0', '1', '2', '3']);
  });

  it('are half of the processors where two share a core, however these are numbered', () => {
    expect(coresOf('0-7', '0,4', '1,5', '2,6', '3,7')).toEqual(['0', '1', '2', '3']);
    expect(coresOf('0-7', '0-1', '2-3', '4-5', '6-7')).toEqual(['0', '2', '4', '6']);
    expect(coresOf('0-7', '0-3', '4-7')).toEqual(['0', '4']);
  });

  it('come with their other processors', () => {
    const threads = [2, 34];
    const siblings = new Map([
      [2, threads],
      [34, threads],
    ]);
    expect(physicalCores({ allowed: threads, siblings })).toEqual([{ core: 2, processor: 2, beside: [34] }]);
    expect(physicalCores({ allowed: [5], siblings })).toEqual([{ core: 5, processor: 5 }]);
  });

  it('are those of a container, also where its processors have gaps', () => {
    expect(coresOf('2,6,9,13', '0,8', '1,9', '2,6', '5,13')).toEqual(['2']);
    expect(coresOf('4-5,12-13', '4,12', '5,13')).toEqual(['4', '5']);
  });

  it('do not include one whose other processor is not ours, as long as there are whole ones', () => {
    expect(coresOf('0-2', '0-1', '2-3')).toEqual(['0']);
  });

  it('have the same name for those who have one processor each of the same core', () => {
    expect(coresOf('2', '2,34')).toEqual(['2']);
    expect(coresOf('34', '2,34')).toEqual(['2 by 34']);
    expect(coresOf('34-35', '2,34', '3,35')).toEqual(['2 by 34', '3 by 35']);
  });

  it('are processors where the kernel does not tell of cores', () => {
    expect(coresOf('0-1')).toEqual(['0', '1']);
    expect(coresOf('')).toEqual([]);
  });

  it('never share a core, and never run on a processor that is not ours', () => {
    const machine = fc.record({
      count: fc.integer({ min: 1, max: 24 }),
      threads: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(machine, fc.array(fc.nat(95), { minLength: 1 }), ({ count, threads }, numbers) => {
        const of = (thread: number): number[] => {
          const core = thread % count;
          return Array.from({ length: threads }, (_, index) => core + index * count);
        };
        const allowed = numbers.map((number) => number % (count * threads));
        const siblings = new Map(allowed.map((thread) => [thread, of(thread)]));
        const found = physicalCores({ allowed, siblings });
        expect(found.length).toBeGreaterThan(0);
        expect(found.every(({ processor }) => allowed.includes(processor))).toBe(true);
        expect(new Set(found.map(({ processor }) => processor % count)).size).toBe(found.length);
        expect(found.every(({ core, processor }) => core === processor % count)).toBe(true);
      }),
    );
  });

  it.each(['ahc039', 'ahc058'])('are the same for the evaluator of %s', (name) => {
    const machines: readonly (readonly [allowed: string, ...siblings: string[]])[] = [
      ['0-3', '0', '1', '2', '3'],
      ['0-7', '0,4', '1,5', '2,6', '3,7'],
      ['2,6,9,13', '0,8', '1,9', '2,6', '5,13'],
      ['0-2', '0-1', '2-3'],
      ['34-35', '2,34', '3,35'],
      ['0-1'],
    ];
    const made = machines.map(([allowed, ...cores]) => ({
      allowed: numbersIn(allowed),
      siblings: Object.fromEntries(cores.flatMap((core) => numbersIn(core).map((thread) => [thread, core]))),
    }));
    const script = join(import.meta.dirname, 'made_up_cores.py');
    const problem = join(import.meta.dirname, '../../../problems', name);
    const found: unknown = JSON.parse(
      execFileSync('python3', [script, problem, JSON.stringify(made)], { encoding: 'utf8' }),
    );
    const ours = made.map(({ allowed, siblings }) =>
      physicalCores({
        allowed,
        siblings: new Map(
          Object.entries(siblings).map(([thread, core]) => [Number(thread), numbersIn(core)]),
        ),
      }).map(({ core, processor }) => [core, processor]),
    );
    expect(found).toEqual(ours);
  });
});
