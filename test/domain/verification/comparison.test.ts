import { describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/domain/keyedRandom';
import type { Metric } from '../../../src/domain/problem/problem';
import type { CaseResult } from '../../../src/domain/session/outcome';
import { compareRounds, isSettled, roundsForExact } from '../../../src/domain/verification/comparison';
import { comparisonSentence, leastRounds } from '../../../src/domain/verification/comparisonWords';
import { comparisonTable } from '../../../src/domain/verification/comparisonTable';
import {
  firstOfRound,
  type ComparisonRound,
  type ComparisonRun,
} from '../../../src/domain/verification/comparisonRound';

const time: Metric = { name: 'time', goal: 'minimize', unit: 'µs' };
const points: Metric = { name: 'mean_score', goal: 'maximize', unit: 'points' };
const labels = { a: 'c17', b: 'my file' };

function valid(value: number, cases?: readonly CaseResult[]): ComparisonRun {
  return {
    outcome: { kind: 'valid', metrics: {}, value, reward: value },
    durationMs: 1,
    ...(cases === undefined ? {} : { cases: [...cases] }),
  };
}
function failed(): ComparisonRun {
  return {
    outcome: { kind: 'failed', reason: 'timeout', message: 'It ran longer than 20 s.' },
    durationMs: 1,
  };
}
function rounds(
  count: number,
  run: (round: number) => readonly [ComparisonRun, ComparisonRun],
): ComparisonRound[] {
  return Array.from({ length: count }, (_, round) => {
    const [a, b] = run(round);
    return { seed: round, first: firstOfRound(round), a, b };
  });
}
const passed = (name: string, value: number, unit: string): CaseResult => ({
  name,
  verdict: 'passed',
  value,
  unit,
});

describe('comparing two programs', () => {
  it('takes each first as often as the other: A B, B A', () => {
    expect([0, 1, 2, 3].map(firstOfRound)).toEqual(['a', 'b', 'a', 'b']);
  });

  it('calls a difference exact when neither value ever changes', () => {
    const least = roundsForExact(0.05);
    expect(least).toBe(4);
    const steady = (count: number): ComparisonRound[] => rounds(count, () => [valid(12), valid(9)]);
    expect(compareRounds(steady(3), points).verdict).toBe('unclear');
    const found = compareRounds(steady(4), points);
    expect(found).toMatchObject({
      verdict: 'a-better',
      isExact: true,
      a: 12,
      b: 9,
      effect: { estimate: -3 },
    });
    expect(comparisonSentence(found, points, labels)).toBe(
      'A (c17) is better than B (my file): from A to B mean_score changes by −3 points, the same in each of 4 rounds.',
    );
  });

  it('finds no difference in values that are equal to the last digit', () => {
    const found = compareRounds(
      rounds(4, (round) => [valid(round), valid(round)]),
      points,
    );
    expect(found.verdict).toBe('same');
    expect(comparisonSentence(found, points, labels)).toContain('the same mean_score in each of 4 rounds');
  });

  it.each([0.05, 0.01])(
    'needs as many rounds as it says where values scatter, error rate %s',
    (errorRate) => {
      const least = leastRounds(errorRate);
      const shifted = (count: number): ComparisonRound[] =>
        rounds(count, (round) => [valid(round), valid(round + 1)]);
      expect(compareRounds(shifted(least - 1), points, errorRate).verdict).toBe('unclear');
      expect(compareRounds(shifted(least), points, errorRate).verdict).toBe('b-better');
    },
  );

  it('compares times by their ratio, with an interval about it', () => {
    const random = keyedRandom(2, 'times');
    const found = compareRounds(
      rounds(20, () => [
        valid(100 * Math.exp(0.01 * random.normal())),
        valid(90 * Math.exp(0.01 * random.normal())),
      ]),
      time,
    );
    expect(found).toMatchObject({ verdict: 'b-better', scale: 'ratio', pairedBy: 'rounds' });
    expect(found.effect?.estimate).toBeCloseTo(0.9, 1);
    expect(found.effect?.interval?.low).toBeLessThan(0.9);
    expect(found.effect?.interval?.high).toBeGreaterThan(0.9);
    expect(comparisonSentence(found, time, labels)).toMatch(
      /^B \(my file\) is better than A \(c17\): from A to B time changes by −\S+ % \(between −\S+ % and −\S+ % with 95 % confidence\), after 20 rounds\.$/,
    );
  });

  it('compares nothing where a program has no value, and says which', () => {
    const found = compareRounds(
      rounds(1, () => [valid(1), failed()]),
      points,
    );
    expect(found.verdict).toBe('failed');
    expect(isSettled(found)).toBe(true);
    expect(comparisonSentence(found, points, labels)).toBe(
      'B (my file) failed (timeout): It ran longer than 20 s. A program without a value cannot be compared.',
    );
  });

  it('looks at even numbers of rounds alone, when what drifts has favoured neither', () => {
    const drifting = rounds(31, (round) => {
      const [at, step] = [4 * round, 2];
      return firstOfRound(round) === 'a' ? [valid(at), valid(at + step)] : [valid(at + step), valid(at)];
    });
    for (let count = 1; count <= 31; count++)
      expect(compareRounds(drifting.slice(0, count), points).verdict).toBe('unclear');
  });

  it('takes each case as a pair where every round has cases of its own, whose mean is the metric', () => {
    const random = keyedRandom(4, 'cases');
    const contest = rounds(2, (round) => {
      const seeds = Array.from({ length: 25 }, (_, index) => `seed ${100 * round + index}`);
      const a = seeds.map((name) => passed(name, 1000 + 300 * random.normal(), 'points'));
      const b = a.map((one) => ({ ...one, value: (one.value ?? 0) + 20 + 5 * random.normal() }));
      const meanOf = (cases: readonly CaseResult[]): number =>
        cases.reduce((sum, one) => sum + (one.value ?? 0), 0) / cases.length;
      return [valid(meanOf(a), a), valid(meanOf(b), b)];
    });
    const found = compareRounds(contest, points);
    expect(found).toMatchObject({ pairedBy: 'cases', pairs: 50, verdict: 'b-better', rounds: 2 });
    expect(found.effect?.estimate).toBeGreaterThan(15);
    expect(found.cases).toHaveLength(50);
  });

  it('does not take cases that come again for more pairs, though the metric is their mean', () => {
    const fixed = rounds(2, () => {
      const a = ['one', 'two', 'three', 'four'].map((name, index) => passed(name, index, 'points'));
      const b = a.map((one) => ({ ...one, value: (one.value ?? 0) + 1 }));
      return [valid(1.5, a), valid(2.5, b)];
    });
    expect(compareRounds(fixed, points)).toMatchObject({ pairedBy: 'rounds', pairs: 2, verdict: 'unclear' });
  });

  it('takes the round as the pair where shapes come again, and has an interval of each shape', () => {
    const random = keyedRandom(6, 'shapes');
    const kernels = rounds(12, () => {
      const noisy = (value: number): number => value * Math.exp(0.01 * random.normal());
      const a = [passed('small', noisy(10), 'µs'), passed('large', noisy(100), 'µs')];
      // Faster on one shape, slower on the other: as good as before in the geometric mean.
      const b = [passed('small', noisy(5), 'µs'), passed('large', noisy(200), 'µs')];
      const geometric = (cases: readonly CaseResult[]): number =>
        Math.exp(cases.reduce((sum, one) => sum + Math.log(one.value ?? 1), 0) / cases.length);
      return [valid(geometric(a), a), valid(geometric(b), b)];
    });
    const found = compareRounds(kernels, time);
    expect(found).toMatchObject({ pairedBy: 'rounds', pairs: 12, verdict: 'unclear' });
    const [small, large] = found.cases;
    expect(small?.estimate).toBeCloseTo(0.5, 1);
    expect(small?.interval?.high).toBeLessThan(0.6);
    expect(large?.interval?.low).toBeGreaterThan(1.8);
    expect(comparisonTable(found, time)).toMatch(
      /^\| small +\| +\S+ µs \| +\S+ µs \| +−\S+ % \| +−\S+ % … −\S+ % \|$/m,
    );
  });
});

describe('stopping as soon as it is clear', () => {
  const mostRounds = 30;
  const errorRate = 0.05;

  /** The share of comparisons that say there is a difference, each looked at after every round. */
  function shareOfVerdicts(
    trials: number,
    draw: (trial: number) => (round: number) => readonly [number, number],
  ): number {
    let found = 0;
    for (let trial = 0; trial < trials; trial++) {
      const next = draw(trial);
      const all: ComparisonRound[] = [];
      for (let round = 0; round < mostRounds; round++) {
        const [a, b] = next(round);
        all.push({ seed: round, first: firstOfRound(round), a: valid(a), b: valid(b) });
        if (round % 2 === 0) continue;
        const { verdict } = compareRounds(all, points, errorRate);
        if (verdict === 'a-better' || verdict === 'b-better') found += 1;
        if (verdict !== 'unclear') break;
      }
    }
    return found / trials;
  }
  const trials = 150;
  const slack = 3 * Math.sqrt((errorRate * (1 - errorRate)) / trials);

  it.each<[string, (trial: number) => (round: number) => readonly [number, number]]>([
    [
      'scatter of their own',
      (trial) => {
        const random = keyedRandom(21, trial);
        return () => [random.normal(), random.normal()];
      },
    ],
    [
      'two values alone, which may look constant',
      (trial) => {
        const random = keyedRandom(22, trial);
        return () => [random.integer(2), random.integer(2)];
      },
    ],
    [
      'a machine that grows slower and has hiccups',
      (trial) => {
        const random = keyedRandom(23, trial);
        return (round) => {
          const hiccup = (): number => (random.uniform() < 0.1 ? 5 : 0);
          const [first, second] = [4 * round, 4 * round + 1].map(
            (at) => 0.05 * at + 0.2 * random.normal() + hiccup(),
          );
          return firstOfRound(round) === 'a' ? [first ?? 0, second ?? 0] : [second ?? 0, first ?? 0];
        };
      },
    ],
  ])('calls the same program different no more often than stated, with %s', (_, draw) => {
    expect(shareOfVerdicts(trials, draw)).toBeLessThanOrEqual(errorRate + slack);
  });

  it('finds a difference of one deviation within the budget', () => {
    const share = shareOfVerdicts(60, (trial) => {
      const random = keyedRandom(24, trial);
      return () => [random.normal() * 0.7, 1 + random.normal() * 0.7];
    });
    expect(share).toBeGreaterThan(0.9);
  });
});
