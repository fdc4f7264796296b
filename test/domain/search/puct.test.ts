import { describe, expect, it } from 'vitest';
import { puctPriorities } from '../../../src/domain/search/puct';

describe('puctPriorities', () => {
  it('gives the numbers of the reference code', () => {
    const priorities = puctPriorities(
      [
        { score: 0, initial: true, visits: 64, bestChildScore: 2.6 },
        { score: 2, initial: false, visits: 64, bestChildScore: 2.3 },
        { score: 2.5, initial: false, visits: 0, bestChildScore: undefined },
        { score: 2.6, initial: false, visits: 0, bestChildScore: undefined },
      ],
      128,
      1,
    );
    const expected = [2.610484, 2.320968, 4.544407, 5.325876];
    for (const [index, value] of expected.entries()) expect(priorities[index]).toBeCloseTo(value, 6);
  });

  it('scales by the range of initial scores while nothing has evolved', () => {
    const state = { initial: true, visits: 0, bestChildScore: undefined };
    const priorities = puctPriorities(
      [
        { ...state, score: 1 },
        { ...state, score: 5 },
      ],
      0,
      1,
    );
    expect(priorities[0]).toBeCloseTo(1 + (4 * 1) / 3, 12);
    expect(priorities[1]).toBeCloseTo(5 + (4 * 2) / 3, 12);
  });

  it('puts a state without a score last until a child of it has one', () => {
    const without = { score: undefined, initial: true, visits: 0, bestChildScore: undefined };
    const visited = { score: undefined, initial: true, visits: 3, bestChildScore: 2 };
    const evolved = { score: 1, initial: false, visits: 0, bestChildScore: undefined };
    const [first, second, third] = puctPriorities([without, visited, evolved], 3, 1);
    expect(first).toBe(Number.NEGATIVE_INFINITY);
    expect(second).toBeGreaterThan(2);
    expect(third).toBeGreaterThan(1);
  });

  it('has no priorities for no states', () => {
    expect(puctPriorities([], 0, 1)).toEqual([]);
  });
});
