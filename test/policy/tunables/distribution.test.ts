import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/domain/keyedRandom';
import { restoreDistribution, startDistribution } from '../../../src/policy/tunables/distribution';
import { isInDomain, type NumberDomain, type TunableDomain } from '../../../src/policy/tunables/tunable';

const choices: TunableDomain = {
  kind: 'choice',
  choices: ['a', 'b', 'c', 'd'].map((value) => ({ value, text: `"${value}"` })),
};
const rate: NumberDomain = { kind: 'number', integer: false, scale: 'log', low: 1e-4, high: 1 };
const count: NumberDomain = { kind: 'number', integer: true, scale: 'linear', low: -3, high: 500 };
const few: NumberDomain = { kind: 'number', integer: true, scale: 'linear', low: 1, high: 3 };

const domains = fc.constantFrom<[TunableDomain, string | number]>(
  [choices, 'b'],
  [rate, 0.01],
  [count, 500],
  [few, 1],
);
const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

describe('a distribution', () => {
  it('draws nothing that its mark does not allow, whatever it was taught', () => {
    fc.assert(
      fc.property(
        domains,
        fc.array(fc.array(finite, { maxLength: 6 }), { maxLength: 6 }),
        fc.nat(),
        ([domain, value], lessons, seed) => {
          const distribution = startDistribution(domain, value);
          const random = keyedRandom(seed);
          for (const advantages of lessons) {
            distribution.learn(
              advantages.map((advantage) => ({ draw: distribution.sample(random), advantage })),
            );
          }
          for (let i = 0; i < 5; i++) {
            expect(isInDomain(domain, distribution.valueOf(distribution.sample(random)))).toBe(true);
            expect(isInDomain(domain, distribution.valueOf(distribution.sampleNear(value, random)))).toBe(
              true,
            );
          }
          const state = distribution.state();
          expect(restoreDistribution(domain, state)?.state()).toEqual(state);
        },
      ),
    );
  });

  it('starts around the value in the program', () => {
    const random = keyedRandom(1);
    const draws = Array.from({ length: 4000 }, () => startDistribution(choices, 'c').sample(random));
    const shares = [0, 1, 2, 3].map(
      (choice) => draws.filter((draw) => draw === choice).length / draws.length,
    );
    expect(shares[2]).toBeCloseTo(0.4375, 1);
    for (const other of [0, 1, 3]) expect(shares[other]).toBeCloseTo(0.1875, 1);
    const state = startDistribution(rate, 0.01).state();
    expect(state.kind === 'number' && [state.mean.toFixed(12), state.sd]).toEqual(['0.500000000000', 0.25]);
  });

  it('moves towards what was better, however much better it was', () => {
    const lesson = [0.1, 0.3, 0.5, 0.7, 0.9].map((draw) => ({ draw, advantage: draw }));
    const [one, other] = [startDistribution(rate, 0.01), startDistribution(rate, 0.01)];
    one.learn(lesson);
    other.learn(lesson.map(({ draw, advantage }) => ({ draw, advantage: 1000 * advantage - 7 })));
    const [state, same] = [one.state(), other.state()];
    expect(state.kind === 'number' && state.mean).toBeGreaterThan(0.6);
    expect(
      state.kind === 'number' && same.kind === 'number' && Math.abs(state.mean - same.mean),
    ).toBeLessThan(1e-9);
  });

  it('narrows where the middle was better and widens where the edges were', () => {
    const sdAfter = (sign: number): number => {
      const distribution = startDistribution(rate, 0.01);
      distribution.learn(
        [0, 0.25, 0.5, 0.75, 1].map((draw) => ({ draw, advantage: -sign * Math.abs(draw - 0.5) })),
      );
      const state = distribution.state();
      return state.kind === 'number' ? state.sd : Number.NaN;
    };
    expect(sdAfter(1)).toBeLessThan(0.25);
    expect(sdAfter(-1)).toBeGreaterThan(0.25);
  });

  it('never rules anything out', () => {
    const random = keyedRandom(3);
    const choice = startDistribution(choices, 'a');
    const number = startDistribution(rate, 0.01);
    const small = startDistribution(few, 1);
    for (let step = 0; step < 200; step++) {
      choice.learn([0, 1, 2, 3].map((draw) => ({ draw, advantage: draw === 1 ? 3 : -1 })));
      const draws = (distribution: typeof number) =>
        Array.from({ length: 8 }, () => distribution.sample(random));
      number.learn(draws(number).map((draw) => ({ draw, advantage: -Math.abs(draw - 0.3) })));
      small.learn(draws(small).map((draw) => ({ draw, advantage: -draw })));
    }
    const state = number.state();
    expect(state.kind === 'number' && state.sd).toBeGreaterThanOrEqual(0.02);
    expect(state.kind === 'number' && Math.abs(state.mean - 0.3)).toBeLessThan(0.1);
    const drawn = Array.from({ length: 2000 }, () => choice.sample(random));
    expect(drawn.filter((draw) => draw === 1).length).toBeGreaterThan(1700);
    expect(new Set(drawn).size).toBe(4);
    expect(
      new Set(Array.from({ length: 200 }, () => small.valueOf(small.sample(random)))).size,
    ).toBeGreaterThan(1);
  });

  it('learns nothing from one draw or from equal advantages', () => {
    for (const distribution of [startDistribution(rate, 0.01), startDistribution(choices, 'a')]) {
      const before = distribution.state();
      distribution.learn([{ draw: 1, advantage: 4 }]);
      distribution.learn([
        { draw: 0, advantage: 2 },
        { draw: 1, advantage: 2 },
      ]);
      expect(distribution.state()).toEqual(before);
    }
  });

  it('writes numbers with six digits at most', () => {
    const random = keyedRandom(4);
    const distribution = startDistribution(rate, 0.01);
    for (let i = 0; i < 100; i++) {
      const value = distribution.valueOf(distribution.sample(random));
      expect(value).toBe(Number(Number(value).toPrecision(6)));
    }
  });

  it('is not restored from a state of another kind', () => {
    const [ofChoices, ofNumber] = [
      startDistribution(choices, 'a').state(),
      startDistribution(rate, 0.01).state(),
    ];
    expect(restoreDistribution(rate, ofChoices)).toBeUndefined();
    expect(restoreDistribution(choices, ofNumber)).toBeUndefined();
    expect(restoreDistribution(choices, { kind: 'choice', logits: [0, 0] })).toBeUndefined();
  });
});
