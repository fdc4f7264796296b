import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/domain/keyedRandom';
import type { Random } from '../../../src/domain/random';
import { isClearlyWorse, logEvidence, usualRace } from '../../../src/domain/racing/symmetricRace';

/** No denormal numbers: they lose digits when they are scaled. */
const differences = fc.array(
  fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => (Math.abs(value) < 1e-200 ? 0 : value)),
  { maxLength: 60 },
);
const signs = (bits: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => ((bits >> index) & 1 ? 1 : -1));

describe('the evidence that one program is worse', () => {
  it('is the product of its factors, computed elsewhere with 40 digits', () => {
    expect(logEvidence([3, -1, 4, 1, -5, 9, 2, 6, 5, 3.5])).toBeCloseTo(1.048365578847007, 12);
  });

  it('is none without pairs, and without differences', () => {
    expect(logEvidence([])).toBe(0);
    expect(logEvidence([0, 0, 0])).toBe(0);
  });

  it('does not depend on the unit', () => {
    fc.assert(
      fc.property(differences, fc.double({ min: 1e-3, max: 1e3, noNaN: true }), (values, unit) => {
        const scaled = logEvidence(values.map((value) => value * unit));
        expect(scaled).toBeCloseTo(logEvidence(values), 6);
      }),
    );
  });

  it('is more after a worsening than after an improvement of the same size', () => {
    const size = fc.double({ min: 1e-6, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(differences, size, (values, last) => {
        expect(logEvidence([...values, last])).toBeGreaterThanOrEqual(logEvidence([...values, -last]));
      }),
    );
  });

  it('has an expectation of exactly 1 at most when each sign is a fair coin, whatever the sizes', () => {
    const random = keyedRandom(3, 'sizes');
    for (const count of [1, 2, 5, 12]) {
      const sizes = Array.from({ length: count }, () => Math.exp(3 * random.normal()));
      let total = 0;
      for (let bits = 0; bits < 2 ** count; bits++) {
        total += Math.exp(logEvidence(signs(bits, count).map((sign, index) => sign * (sizes[index] ?? 0))));
      }
      expect(total / 2 ** count).toBeLessThanOrEqual(1);
    }
  });

  it('reaches its bound ever with at most the stated probability: all sign patterns of 12 pairs', () => {
    for (const errorRate of [0.3, 0.1, 0.02]) {
      let reached = 0;
      for (let bits = 0; bits < 2 ** 12; bits++) {
        const all = signs(bits, 12);
        for (let count = 1; count <= 12; count++) {
          if (isClearlyWorse(all.slice(0, count), { errorRate, leastPairs: 1 })) {
            reached += 1;
            break;
          }
        }
      }
      expect(reached).toBeGreaterThan(0);
      expect(reached / 2 ** 12).toBeLessThanOrEqual(errorRate);
    }
  });
});

const cases = 150;
type Shape = (random: Random) => number;
const symmetric: Readonly<Record<string, Shape>> = {
  normal: (random) => random.normal(),
  'of two values': (random) => (random.uniform() < 0.5 ? -1 : 1),
  'mostly 0': (random) => (random.uniform() < 0.7 ? 0 : random.normal()),
  'with heavy tails': (random) => random.normal() * Math.exp(random.normal()),
  'without a mean': (random) => Math.tan(Math.PI * (random.uniform() - 0.5)),
};

/** When each of a number of programs with such differences is stopped; those that are not are left out. */
function stops(name: string, shape: Shape, trials: number): number[] {
  const found: number[] = [];
  for (let trial = 0; trial < trials; trial++) {
    const random = keyedRandom(11, name, trial);
    const values: number[] = [];
    for (let pair = 1; pair <= cases; pair++) {
      values.push(shape(random));
      if (isClearlyWorse(values)) {
        found.push(pair);
        break;
      }
    }
  }
  return found.sort((a, b) => a - b);
}

describe('a race of 150 pairs', () => {
  it.each(Object.entries(symmetric))(
    'hardly ever stops a program that is as good, differences %s',
    (name, shape) => {
      const trials = 600;
      // Three standard errors above the stated rate.
      const most =
        usualRace.errorRate + 3 * Math.sqrt((usualRace.errorRate * (1 - usualRace.errorRate)) / trials);
      expect(stops(name, shape, trials).length / trials).toBeLessThanOrEqual(most);
    },
  );

  it('never stops a program that is better', () => {
    expect(stops('better', (random) => random.normal() - 0.3, 300)).toEqual([]);
  });

  it.each([
    [0.5, 0.97, 60],
    [1, 1, 26],
    [2, 1, 16],
  ])('stops a program that is worse by %s standard deviations, soon', (shift, share, median) => {
    const trials = 300;
    const found = stops(`worse ${shift}`, (random) => random.normal() + shift, trials);
    expect(found.length / trials).toBeGreaterThanOrEqual(share);
    expect(found[Math.floor(found.length / 2)]).toBeLessThanOrEqual(median);
  });

  it('is about the centre of skewed differences, not their mean: rare great gains are not waited for', () => {
    // Mean 0; two of three programs lose, by less than the others gain. This is the price that the docs name.
    const found = stops('skewed', (random) => 1 + Math.log(1 - random.uniform()), 600);
    expect(found.length / 600).toBeLessThan(0.08);
  });

  it('says nothing before it has seen a few pairs', () => {
    expect(
      isClearlyWorse(
        Array.from({ length: 7 }, () => 1),
        { errorRate: 0.5, leastPairs: 8 },
      ),
    ).toBe(false);
    expect(
      isClearlyWorse(
        Array.from({ length: 8 }, () => 1),
        { errorRate: 0.5, leastPairs: 8 },
      ),
    ).toBe(true);
  });
});
