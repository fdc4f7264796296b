import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/domain/keyedRandom';
import type { Random } from '../../../src/domain/random';
import {
  centreOf,
  logEvidenceAgainst,
  medianOf,
  symmetricInterval,
} from '../../../src/domain/verification/symmetricInterval';

const numbers = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 40 });
const repeated = (value: number, count: number): number[] => Array.from({ length: count }, () => value);

describe('the evidence against a centre', () => {
  it('has an expectation of exactly 1 when each sign is a fair coin, whatever the sizes', () => {
    const random = keyedRandom(3, 'sizes');
    for (const count of [1, 2, 5, 12]) {
      const sizes = Array.from({ length: count }, () => Math.exp(3 * random.normal()));
      let total = 0;
      for (let bits = 0; bits < 2 ** count; bits++) {
        const values = sizes.map((size, index) => 7 + ((bits >> index) & 1 ? size : -size));
        total += Math.exp(logEvidenceAgainst(7, values));
      }
      expect(total / 2 ** count).toBeCloseTo(1, 9);
    }
  });

  it('is the product of its factors, and the same on both sides', () => {
    const factor = (bet: number, signs: readonly number[]): number =>
      signs.reduce((product, sign) => product * (1 + Math.tanh(bet * sign)), 1);
    const signs = [1, 1, -1, 1];
    const wanted =
      [0.2, 0.5, 1.2, 3].reduce((sum, bet) => sum + factor(bet, signs) + factor(-bet, signs), 0) / 8;
    expect(logEvidenceAgainst(0, signs)).toBeCloseTo(Math.log(wanted), 12);
    expect(
      logEvidenceAgainst(
        0,
        signs.map((sign) => -sign),
      ),
    ).toBeCloseTo(Math.log(wanted), 12);
  });

  it('survives numbers near the largest and strings of one sign', () => {
    expect(Number.isFinite(logEvidenceAgainst(0, [1e308, -1e308, 1e308]))).toBe(true);
    expect(logEvidenceAgainst(0, repeated(1, 5000))).toBeGreaterThan(3000);
    expect(logEvidenceAgainst(1, [])).toBe(0);
    expect(logEvidenceAgainst(1, [1, 1])).toBe(0);
  });
});

describe('the interval of the centre', () => {
  it('moves and grows with the values, and turns round with their sign', () => {
    fc.assert(
      fc.property(
        numbers,
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: -50, max: 50 }),
        (values, unit, shift) => {
          const own = symmetricInterval(values, 0.05);
          const other = symmetricInterval(
            values.map((value) => value * unit + shift),
            0.05,
          );
          const turned = symmetricInterval(
            values.map((value) => -value),
            0.05,
          );
          expect(other === undefined).toBe(own === undefined);
          if (own === undefined || other === undefined || turned === undefined) return;
          const size = Math.max(1, ...values.map(Math.abs)) * unit;
          for (const [mine, theirs] of [
            [own.low, other.low],
            [own.high, other.high],
          ] as const) {
            if (Number.isFinite(mine))
              expect(Math.abs(mine * unit + shift - theirs) / size).toBeLessThan(0.02);
            else expect(theirs).toBe(mine);
          }
          if (Number.isFinite(own.low)) expect(Math.abs(own.low + turned.high) / size).toBeLessThan(0.02);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has the centre in it, and is narrower with more error', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const [strict, loose] = [symmetricInterval(values, 0.01), symmetricInterval(values, 0.2)];
        if (strict === undefined || loose === undefined) return;
        expect(strict.low).toBeLessThanOrEqual(strict.high);
        if (Number.isFinite(loose.low)) expect(strict.low).toBeLessThanOrEqual(loose.low + 1e-6);
        if (Number.isFinite(loose.high)) expect(strict.high).toBeGreaterThanOrEqual(loose.high - 1e-6);
      }),
      { numRuns: 60 },
    );
  });

  it('has no bounds with few values, and bounds a constant with enough of them', () => {
    expect(symmetricInterval([], 0.05)).toBeUndefined();
    expect(symmetricInterval(repeated(3, 6), 0.05)).toEqual({ low: -Infinity, high: Infinity });
    const sure = symmetricInterval(repeated(3, 8), 0.05);
    expect(sure?.low).toBeCloseTo(3, 5);
    expect(sure?.high).toBeCloseTo(3, 5);
  });

  it('is no wider than it must be: a fifth of a deviation after 1000 values', () => {
    const random = keyedRandom(5, 'width');
    const found = symmetricInterval(
      Array.from({ length: 1000 }, () => 2 + random.normal()),
      0.05,
    );
    if (found === undefined) throw new Error('no interval');
    expect(found.low).toBeLessThan(2);
    expect(found.high).toBeGreaterThan(2);
    expect(found.high - found.low).toBeLessThan(0.25);
  });
});

const shapes: Readonly<Record<string, (random: Random) => number>> = {
  normal: (random) => random.normal(),
  'of two values': (random) => (random.uniform() < 0.5 ? -1 : 1),
  'mostly 0': (random) => (random.uniform() < 0.7 ? 0 : random.normal()),
  'with heavy tails': (random) => random.normal() * Math.exp(random.normal()),
  'without a mean': (random) => Math.tan(Math.PI * (random.uniform() - 0.5)),
};

describe('looking after every value up to 60', () => {
  it.each(Object.entries(shapes))(
    'leaves out the true centre no more often than stated, values %s',
    (name, shape) => {
      const [trials, errorRate] = [600, 0.05];
      let missed = 0;
      for (let trial = 0; trial < trials; trial++) {
        const random = keyedRandom(17, name, trial);
        const values: number[] = [];
        for (let count = 1; count <= 60; count++) {
          values.push(4 + shape(random));
          // The interval holds what the evidence does not reach the bound against; asking that is quicker.
          if (logEvidenceAgainst(4, values) < -Math.log(errorRate)) continue;
          missed += 1;
          break;
        }
      }
      const slack = 3 * Math.sqrt((errorRate * (1 - errorRate)) / trials);
      expect(missed / trials).toBeLessThanOrEqual(errorRate + slack);
    },
  );
});

describe('the centre of values', () => {
  it('is the median of means of pairs, which one wild value does not move', () => {
    expect(centreOf([1, 2, 3])).toBe(2);
    expect(centreOf([1, 2, 3, 1e9])).toBeLessThan(5);
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
    expect(centreOf([])).toBeNaN();
  });
});
