import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  penalizeDivergence,
  tokenAdvantages,
  TokenScoresError,
  type ScoredTokens,
} from '../../../src/domain/training/klPenalty';

const batch: readonly ScoredTokens[] = [
  {
    sampled: [true, true, false],
    advantages: [2, 2, 2],
    samplingLogprobs: [-1, -0.5, 0],
    baseLogprobs: [-2, -0.5, -7],
  },
  { sampled: [true], advantages: [-1], samplingLogprobs: [-0.5], baseLogprobs: [-3] },
  { sampled: [], advantages: [], samplingLogprobs: [], baseLogprobs: [] },
];

describe('the KL penalty', () => {
  it('moves advantages by the gap to the mean gap of the whole batch', () => {
    // d = 1, 0 | 2.5; their mean is 3.5 / 3; the forced token counts for nothing.
    const { advantages, meanGap } = penalizeDivergence(batch, 0.1);
    expect(meanGap).toBeCloseTo(3.5 / 3, 12);
    expect(advantages[0]![0]).toBeCloseTo(2 + 0.1 * (3.5 / 3 - 1), 12);
    expect(advantages[0]![1]).toBeCloseTo(2 + 0.1 * (3.5 / 3), 12);
    expect(advantages[0]![2]).toBe(0);
    expect(advantages[1]![0]).toBeCloseTo(-1 + 0.1 * (3.5 / 3 - 2.5), 12);
    expect(advantages[2]).toEqual([]);
  });

  it('of coefficient 0 changes nothing but forced tokens, and still measures the gap', () => {
    const { advantages, meanGap } = penalizeDivergence(batch, 0);
    expect(advantages).toEqual([[2, 2, 0], [-1], []]);
    expect(meanGap).toBeCloseTo(3.5 / 3, 12);
  });

  it('of no sampled tokens is nothing', () => {
    expect(penalizeDivergence([], 0.1)).toEqual({ advantages: [], meanGap: 0 });
    const forced = { sampled: [false], advantages: [1], samplingLogprobs: [0], baseLogprobs: [NaN] };
    expect(penalizeDivergence([forced], 0.1)).toEqual({ advantages: [[0]], meanGap: 0 });
  });

  it('refuses scores that are not numbers or that are missing', () => {
    const one = { sampled: [true], advantages: [1], samplingLogprobs: [-1], baseLogprobs: [-1] };
    expect(() => penalizeDivergence([one, { ...one, baseLogprobs: [NaN] }], 0.1)).toThrow(
      new TokenScoresError('Sequence 1 has NaN among its baseLogprobs, at token 0 behind the prompt.'),
    );
    expect(() => penalizeDivergence([{ ...one, samplingLogprobs: [-Infinity] }], 0.1)).toThrow(
      TokenScoresError,
    );
    expect(() => penalizeDivergence([{ ...one, samplingLogprobs: [] }], 0.1)).toThrow(
      'Sequence 0 has 1 tokens but 0 samplingLogprobs.',
    );
    expect(() => penalizeDivergence([one], -1)).toThrow(RangeError);
    expect(() => penalizeDivergence([one], NaN)).toThrow(RangeError);
  });
});

const sequenceOf = (number: fc.Arbitrary<number>): fc.Arbitrary<ScoredTokens> =>
  fc
    .array(fc.record({ own: fc.boolean(), advantage: number, sample: number, base: number }), {
      maxLength: 8,
    })
    .map((tokens) => ({
      sampled: tokens.map(({ own }) => own),
      advantages: tokens.map(({ advantage }) => advantage),
      samplingLogprobs: tokens.map(({ sample }) => sample),
      baseLogprobs: tokens.map(({ base }) => base),
    }));
const anyNumber = fc.double({ noNaN: true, noDefaultInfinity: true });
const modest = fc.double({ min: -50, max: 0, noNaN: true });

describe('penalised advantages', () => {
  it('are finite for any finite input, and 0 where the token was forced', () => {
    const coefficient = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(sequenceOf(anyNumber), { maxLength: 5 }), coefficient, (sequences, lambda) => {
        const { advantages, meanGap } = penalizeDivergence(sequences, lambda);
        expect(Number.isFinite(meanGap)).toBe(true);
        for (const [index, { sampled }] of sequences.entries()) {
          expect(advantages[index]).toHaveLength(sampled.length);
          for (const [token, own] of sampled.entries()) {
            const value = advantages[index]![token]!;
            expect(own ? Number.isFinite(value) : value === 0).toBe(true);
          }
        }
      }),
    );
  });

  it('do not change when all base log-probabilities move alike, and their penalties add up to 0', () => {
    fc.assert(
      fc.property(fc.array(sequenceOf(modest), { maxLength: 5 }), modest, (sequences, shift) => {
        const shifted = sequences.map((one) => ({
          ...one,
          baseLogprobs: one.baseLogprobs.map((x) => x + shift),
        }));
        const before = penalizeDivergence(sequences, 0.1).advantages.flat();
        const after = penalizeDivergence(shifted, 0.1).advantages.flat();
        for (const [token, value] of before.entries()) expect(after[token]).toBeCloseTo(value, 9);
        const given = sequences.flatMap(({ sampled, advantages }) =>
          advantages.filter((_, token) => sampled[token] === true),
        );
        const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
        expect(total(before)).toBeCloseTo(total(given), 9);
      }),
    );
  });
});

describe('the advantage of a rollout', () => {
  it('goes to the tokens that were sampled, and 0 to forced ones', () => {
    expect(tokenAdvantages(1.5, [true, false, true])).toEqual([1.5, 0, 1.5]);
  });
});
