import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedRandom, keyedSeed, murmur128, type KeyPart } from '../../src/domain/keyedRandom';

const draws = 20_000;

describe('murmur128', () => {
  it('agrees with the reference MurmurHash3_x86_128 on UTF-16LE bytes', () => {
    expect(murmur128('')).toEqual([0, 0, 0, 0]);
    expect(murmur128('a')).toEqual([0x033bb196, 0xccef4fe1, 0xccef4fe1, 0xccef4fe1]);
    expect(murmur128('abc')).toEqual([0x2b5b97a3, 0x20f75fb5, 0x5012c2b4, 0x5012c2b4]);
    expect(murmur128('abcd')).toEqual([0x95ef82c7, 0xe4ec9aa2, 0x0a8cb00d, 0x0a8cb00d]);
    expect(murmur128('The quick brown fox jumps over the lazy dog')).toEqual([
      0x15beb686, 0x0f94f6ca, 0xfed4894d, 0x28be6d5b,
    ]);
  });
});

describe('keyedRandom', () => {
  it('never changes its numbers: sessions are replayed by them', () => {
    const random = keyedRandom(1, 'rollout', 3, 0, 17);
    expect([random.uniform(), random.normal(), random.normal(), random.integer(1000)]).toEqual([
      0.38222618035490885, 0.028857146911432482, -1.1638998410054908, 200,
    ]);
    expect(keyedSeed(1, 'evaluate', 17)).toBe(1308874315);
  });

  it('gives the same numbers for the same key', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.oneof(fc.integer(), fc.string())), (seed, path) => {
        const [one, two] = [keyedRandom(seed, ...path), keyedRandom(seed, ...path)];
        for (let i = 0; i < 5; i++) {
          expect(one.uniform()).toBe(two.uniform());
          expect(one.normal()).toBe(two.normal());
        }
      }),
    );
  });

  it('tells keys apart that only look alike', () => {
    const keys: KeyPart[][] = [[], [1], ['1'], [1, 1], [11], ['1', '1'], ['11'], ['1;s1:1'], [''], ['', '']];
    const firsts = keys.map((path) => keyedRandom(7, ...path).uniform());
    expect(new Set(firsts).size).toBe(keys.length);
    expect(keyedRandom(8).uniform()).not.toBe(firsts[0]);
  });

  it('draws uniform numbers with the right mean and variance', () => {
    const random = keyedRandom(2, 'uniform');
    const { mean, variance, values } = moments(() => random.uniform());
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('draws normal numbers with the right mean, variance and tails', () => {
    const random = keyedRandom(2, 'normal');
    const { mean, variance, values } = moments(() => random.normal());
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    expect(values.filter((value) => Math.abs(value) > 1.96).length / draws).toBeCloseTo(0.05, 2);
  });

  it('is as uniform across neighbouring keys as within one', () => {
    let index = 0;
    const { mean, variance } = moments(() => keyedRandom(3, 'step', index++).uniform());
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.003);
  });

  it('draws every integer below the bound about equally often', () => {
    const random = keyedRandom(4);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < draws; i++) counts[random.integer(7)]!++;
    for (const count of counts) expect(Math.abs(count - draws / 7)).toBeLessThan(250);
    expect(random.integer(1)).toBe(0);
    expect(Number.isSafeInteger(random.integer(2 ** 50))).toBe(true);
  });

  it('refuses a bound that is not a positive integer', () => {
    for (const bound of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => keyedRandom(1).integer(bound)).toThrow(RangeError);
    }
  });
});

function moments(draw: () => number): { mean: number; variance: number; values: number[] } {
  const values = Array.from({ length: draws }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / draws;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws;
  return { mean, variance, values };
}
