import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { comparePairs, estimatedMean, mean, worseningsOf } from '../../../src/domain/racing/pairedComparison';
import { studentTQuantile } from '../../../src/domain/racing/studentT';

const pairs = [
  { own: 12, other: 10 },
  { own: 9, other: 10 },
  { own: 15, other: 11 },
  { own: 20, other: 20 },
];

describe('a paired comparison', () => {
  it('has the mean difference with its interval, and counts', () => {
    // Differences 2, -1, 4, 0: mean 1.25, standard deviation 2.2174, t(0.975, 3) = 3.182446.
    const compared = comparePairs(pairs, 'maximize');
    expect(compared).toMatchObject({ pairs: 4, meanDifference: 1.25, better: 2, worse: 1, equal: 1 });
    expect(compared.halfWidth).toBeCloseTo((3.182446 * 2.217356) / 2, 4);
    expect(comparePairs(pairs, 'minimize')).toMatchObject({ meanDifference: 1.25, better: 1, worse: 2 });
  });

  it('has no interval with one pair, and nothing to say of none', () => {
    expect(comparePairs(pairs.slice(0, 1), 'maximize')).toEqual({
      pairs: 1,
      meanDifference: 2,
      better: 1,
      worse: 0,
      equal: 0,
    });
    expect(comparePairs([], 'maximize')).toEqual({
      pairs: 0,
      meanDifference: 0,
      better: 0,
      worse: 0,
      equal: 0,
    });
  });

  it('turns worsenings by the direction of the metric', () => {
    expect(worseningsOf(pairs, 'maximize')).toEqual([-2, 1, -4, 0]);
    expect(worseningsOf(pairs, 'minimize')).toEqual([2, -1, 4, 0]);
  });
});

describe("the estimate of a stopped program's mean", () => {
  it("is the other's mean over all cases plus the mean difference", () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        fc.array(fc.record({ own: value, other: value }), { minLength: 1, maxLength: 30 }),
        fc.array(value, { maxLength: 30 }),
        (done, rest) => {
          const others = [...done.map(({ other }) => other), ...rest];
          const expected = mean(others) + mean(done.map(({ own, other }) => own - other));
          expect(estimatedMean(done, rest)).toBeCloseTo(expected, 4);
        },
      ),
    );
  });

  it('is the mean itself where nothing is left', () => {
    expect(estimatedMean(pairs, [])).toBe(14);
  });
});

describe("the quantile of Student's t", () => {
  // R: qt(p, df)
  it.each([
    [0.975, 1, 12.706204736],
    [0.975, 2, 4.30265273],
    [0.995, 2, 9.9248432],
    [0.975, 5, 2.570581836],
    [0.95, 10, 1.812461123],
    [0.975, 30, 2.042272456],
    [0.975, 149, 1.976013178],
    [0.025, 10, -2.228138852],
    [0.5, 7, 0],
  ])('of %s with %s degrees of freedom is %s', (probability, degrees, quantile) => {
    expect(studentTQuantile(probability, degrees)).toBeCloseTo(quantile, 6);
  });
});
