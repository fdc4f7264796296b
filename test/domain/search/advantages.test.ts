import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adaptiveEntropicAdvantages,
  dropConstantGroups,
  entropicAdvantages,
  GroupSizeError,
  meanBaselineAdvantages,
  RewardError,
} from '../../../src/domain/search/advantages';

const ones = (count: number): number[] => new Array<number>(count).fill(1);
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-6): void {
  expect(actual).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
  }
}

/** Whole numbers of a moderate size: shifting and scaling them is exact, so that equality stays equality. */
const wholeRewards = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 3, maxLength: 40 });
const anyRewards = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), {
  minLength: 3,
  maxLength: 20,
});

describe('adaptiveEntropicAdvantages', () => {
  it.each([
    [[0, 1, 2, 3], 1.445859, [-0.969633, -0.866698, -0.338701, 8.865418]],
    [[0, 0, 1, 2], 1.621566, [-0.905288, -0.905288, -0.450166, 9.8825]],
    [
      [0, 0, 0, 0, 2.5, 2.6, 2.63, 2.6],
      2.671754,
      [-0.998252, -0.998252, -0.998252, -0.998252, 0.735747, 1.4537, 1.73857, 1.4537],
    ],
  ])('of %j has β %d', (rewards, beta, advantages) => {
    const result = adaptiveEntropicAdvantages(rewards);
    expect(result.beta).toBeCloseTo(beta, 5);
    // The table was computed in float32, where e^(βr) is good to about 3e-6.
    expectClose(result.advantages, advantages, 4e-6);
  });

  it('of 64 rewards of which one or eight win', () => {
    const lone = adaptiveEntropicAdvantages([...ones(1), ...zeros(63)]);
    expect(lone.beta).toBeCloseTo(3.3599, 4);
    expectClose(lone.advantages, [27.7857, ...zeros(63).map(() => -0.3061)], 1e-4);
    const eight = adaptiveEntropicAdvantages([...ones(8), ...zeros(56)]);
    expect(eight.beta).toBeCloseTo(2.4654, 4);
    expectClose(eight.advantages, [...ones(8).map(() => 4.3578), ...zeros(56).map(() => -0.5776)], 1e-4);
  });

  it('gives all the weight to the top where half of the group or more is tied there', () => {
    expectClose(adaptiveEntropicAdvantages([1, 1, 1, 0]).advantages, [0.5, 0.5, 0.5, -1]);
    const half = adaptiveEntropicAdvantages([...ones(32), ...zeros(32)]);
    expectClose(half.advantages, [...ones(32).map(() => 63 / 31 - 1), ...zeros(32).map(() => -1)]);
  });

  it('still tells rewards apart that differ by less than a millionth', () => {
    const late = [2.6255, 2.6255 + 1e-9, 2.6255 + 2e-9, 2.6255 + 3e-9];
    expectClose(
      adaptiveEntropicAdvantages(late).advantages,
      adaptiveEntropicAdvantages([0, 1, 2, 3]).advantages,
      1e-5,
    );
  });

  it('teaches nothing where all rewards are equal', () => {
    expect(adaptiveEntropicAdvantages([2, 2, 2])).toEqual({ advantages: [0, 0, 0], beta: 0 });
  });

  it('refuses groups below three and rewards that are not finite', () => {
    expect(() => adaptiveEntropicAdvantages([0, 1])).toThrow(GroupSizeError);
    expect(() => adaptiveEntropicAdvantages([])).toThrow('groupSize to 3 or more');
    expect(() => adaptiveEntropicAdvantages([0, 1, Number.NaN])).toThrow(RewardError);
    expect(() => adaptiveEntropicAdvantages([0, 1, Number.POSITIVE_INFINITY])).toThrow(RewardError);
  });

  it('does not depend on the unit and the zero of the reward', () => {
    fc.assert(
      fc.property(
        wholeRewards,
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: -100_000, max: 100_000 }),
        (rewards, scale, shift) => {
          const [plain, changed] = [rewards, rewards.map((reward) => reward * scale + shift)].map((group) =>
            adaptiveEntropicAdvantages(group),
          );
          expectClose(changed!.advantages, plain!.advantages, 1e-9);
          expectClose([changed!.beta * scale], [plain!.beta], 1e-9);
        },
      ),
    );
  });

  it('follows a reordering of the group', () => {
    fc.assert(
      fc.property(wholeRewards, fc.integer({ min: 0, max: 1000 }), (rewards, turn) => {
        const order = [...rewards.keys()].sort(
          (a, b) => ((a * 7919 + turn) % 101) - ((b * 7919 + turn) % 101),
        );
        const plain = adaptiveEntropicAdvantages(rewards).advantages;
        const reordered = adaptiveEntropicAdvantages(order.map((index) => rewards[index]!)).advantages;
        expectClose(
          reordered,
          order.map((index) => plain[index]!),
          1e-9,
        );
      }),
    );
  });

  it('is finite, at least -1 and never prefers the smaller reward, for any finite rewards', () => {
    fc.assert(
      fc.property(anyRewards, (rewards) => {
        const { advantages, beta } = adaptiveEntropicAdvantages(rewards);
        expect(Number.isFinite(beta) && beta >= 0).toBe(true);
        const pairs = rewards.map((reward, index) => ({ reward, advantage: advantages[index]! }));
        for (const { advantage } of pairs) {
          expect(Number.isFinite(advantage)).toBe(true);
          expect(advantage).toBeGreaterThanOrEqual(-1);
        }
        pairs.sort((a, b) => a.reward - b.reward);
        for (let i = 1; i < pairs.length; i++) {
          expect(pairs[i]!.advantage).toBeGreaterThanOrEqual(pairs[i - 1]!.advantage);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('entropicAdvantages', () => {
  it('agrees with the adaptive form at the β that this chose', () => {
    const rewards = [0, 0, 1, 2];
    const { advantages, beta } = adaptiveEntropicAdvantages(rewards);
    expectClose(entropicAdvantages(rewards, beta), advantages, 1e-9);
  });

  it('is finite for any finite rewards and any β', () => {
    fc.assert(
      fc.property(
        anyRewards,
        fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
        (rewards, beta) => {
          for (const advantage of entropicAdvantages(rewards, beta)) {
            expect(Number.isFinite(advantage) && advantage >= -1).toBe(true);
          }
        },
      ),
    );
  });

  it('refuses small groups and senseless sharpness', () => {
    expect(() => entropicAdvantages([1, 2], 2)).toThrow(GroupSizeError);
    expect(() => entropicAdvantages([1, 2, 3], -1)).toThrow(RangeError);
    expect(() => entropicAdvantages([1, 2, 3], Number.NaN)).toThrow(RangeError);
  });
});

describe('meanBaselineAdvantages', () => {
  it('measures from the mean', () => {
    expect(meanBaselineAdvantages([1, 2, 6])).toEqual([-2, -1, 3]);
  });

  it('is finite for any finite rewards', () => {
    fc.assert(
      fc.property(anyRewards, (rewards) => {
        expect(meanBaselineAdvantages(rewards).every(Number.isFinite)).toBe(true);
      }),
    );
  });
});

describe('dropConstantGroups', () => {
  const kept = (groups: number[][]): number[][] => dropConstantGroups(groups, (group) => group);

  it('leaves out groups of equal rewards', () => {
    expect(
      kept([
        [1, 1, 1],
        [0, 0, 1],
        [0, 0, 0],
        [2, 1, 2],
      ]),
    ).toEqual([
      [0, 0, 1],
      [2, 1, 2],
    ]);
  });

  it('keeps the first group where every one is constant', () => {
    expect(
      kept([
        [1, 1],
        [0, 0],
      ]),
    ).toEqual([[1, 1]]);
    expect(kept([])).toEqual([]);
  });
});
