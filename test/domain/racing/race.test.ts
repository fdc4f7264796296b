import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mean } from '../../../src/domain/racing/pairedComparison';
import { Race } from '../../../src/domain/racing/race';

const others = Array.from({ length: 30 }, (_, index) => 100 + ((index * 7) % 11));
const worse = others.map((other, index) => other - 10 - (index % 3));

describe('a program on its way through the cases of another', () => {
  it('has lost when it is worse on one case after the other, and its estimate is on the same scale', () => {
    const race = new Race(others, 'maximize');
    let count = 0;
    while (!race.isLost) race.add(count, worse[count++] ?? NaN);
    expect(count).toBeGreaterThanOrEqual(8);
    expect(count).toBeLessThan(others.length);
    const difference = mean(worse.slice(0, count)) - mean(others.slice(0, count));
    expect(race.mean).toBeCloseTo(mean(others) + difference, 9);
  });

  it('is looked at in the order of the cases, in whatever order they end', () => {
    const race = new Race(others, 'maximize');
    for (let index = 1; index < others.length - 1; index += 1) race.add(index, worse[index] ?? NaN);
    expect(race.isLost).toBe(false);
    race.add(0, worse[0] ?? NaN);
    expect(race.isLost).toBe(true);
  });

  it('has not lost when it is better, or where less is better', () => {
    const better = new Race(worse, 'maximize');
    others.forEach((value, index) => better.add(index, value));
    expect(better.isLost).toBe(false);
    const less = new Race(others, 'minimize');
    worse.forEach((value, index) => less.add(index, value));
    expect(less.isLost).toBe(false);
    const more = new Race(worse, 'minimize');
    others.forEach((value, index) => more.add(index, value));
    expect(more.isLost).toBe(true);
  });

  it('has not lost while one great gain makes up for many small losses', () => {
    const race = new Race(others, 'maximize');
    race.add(others.length - 1, 1e6);
    for (let index = 0; index < others.length - 1; index += 1) race.add(index, worse[index] ?? NaN);
    expect(race.isLost).toBe(false);
  });

  it('is not stopped when no case is left to run', () => {
    const few = others.slice(0, 8);
    const race = new Race(few, 'maximize');
    few.forEach((value, index) => race.add(index, value - 10));
    expect(race.isLost).toBe(false);
    expect(race.mean).toBeCloseTo(mean(few) - 10, 9);
  });

  it('takes the first value of a case alone, and no case that the other has not', () => {
    const race = new Race([1, 2], 'maximize');
    race.add(0, 5);
    race.add(0, 7);
    race.add(2, 9);
    expect(race.pairs).toEqual([{ own: 5, other: 1 }]);
  });

  it('has a worse estimate than the other whenever it has lost', () => {
    const value = fc.double({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value), { minLength: 10, maxLength: 40 }),
        fc.constantFrom('maximize', 'minimize'),
        fc.double({ min: -1000, max: 1000, noNaN: true }),
        (pairs, goal, shift) => {
          const theirs = pairs.map(([, other]) => other);
          const race = new Race(theirs, goal);
          for (const [index, [own]] of pairs.entries()) if (!race.isLost) race.add(index, own + shift);
          if (!race.isLost) return;
          const gain = race.mean - mean(theirs);
          expect(goal === 'maximize' ? gain : -gain).toBeLessThan(1e-9);
        },
      ),
    );
  });
});
