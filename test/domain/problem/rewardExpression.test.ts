import fc from 'fast-check';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { Metric } from '../../../src/domain/problem/problem';
import { doubtAbout } from '../../../src/domain/problem/rewardChecks';
import { parseReward } from '../../../src/domain/problem/rewardExpression';
import { rewardOf } from '../../../src/domain/problem/rewardOf';
import { rewardFunctionNames } from '../../../src/domain/problem/rewardParser';

function valueOf(source: string, metrics: Record<string, number> = {}): number | string {
  const parsed = parseReward(source);
  if (!parsed.ok) return 'syntax';
  const result = parsed.evaluate(metrics);
  return result.ok ? result.reward : result.reason;
}

describe('a reward expression', () => {
  it.each([
    ['1 / c5', 2],
    ['-c5', -0.5],
    ['2 + 3 * 4', 14],
    ['(2 + 3) * 4', 20],
    ['10 - 4 - 3', 3],
    ['16 / 4 / 2', 2],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['2 ^ -1', 0.5],
    ['- -3', 3],
    ['+3', 3],
    ['1.5e3 + .5', 1500.5],
    ['2.', 2],
    ['min(3, c5, 2)', 0.5],
    ['max(3, c5, 2)', 3],
    ['abs(-c5)', 0.5],
    ['sqrt(16) + log(1) + log2(8) + exp(0) + pow(2, 10)', 4 + 0 + 3 + 1 + 1024],
    ['min + min(min, 2)', 14],
  ])('%s is %d', (source, expected) => {
    expect(valueOf(source, { c5: 0.5, min: 12 })).toBe(expected);
  });

  it('knows which metrics it mentions', () => {
    const parsed = parseReward('1000 / (time_us + 2 * max(memory, 1))');
    expect(parsed.ok && [...parsed.names]).toEqual(['time_us', 'memory']);
  });

  it('names a metric that is not there instead of giving NaN', () => {
    const parsed = parseReward('1 / c5');
    expect(parsed.ok && parsed.evaluate({ c6: 1 })).toEqual({
      ok: false,
      reason: 'missing-metric',
      message: 'The reward 1 / c5 needs the metric "c5", which the evaluator did not give (it gave: c6).',
    });
  });

  it('does not reach what every object has', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(valueOf(name)).toBe('missing-metric');
      expect(valueOf(`${name}(1)`)).toBe('syntax');
    }
  });

  it.each(['1 / x', 'log(x)', 'sqrt(-1)', 'exp(1000)', '0 / x', '(-8) ^ 0.5'])(
    'reports that %s is not finite',
    (source) => {
      expect(valueOf(source, { x: 0 })).toBe('not-finite');
    },
  );

  it.each([
    ['', 0, 0],
    ['   ', 0, 0],
    ['1 +', 2, 3],
    ['(1 + 2', 0, 6],
    ['1 + ?', 4, 5],
    ['a.b', 1, 2],
    ['a[0]', 1, 2],
    ['a = 1', 2, 3],
    ['"a"', 0, 1],
    ['a b', 2, 3],
    ['1 2', 2, 3],
    ['2x', 1, 2],
    ['min()', 0, 5],
    ['eval(a)', 0, 4],
    ['a ** 2', 2, 4],
    ['a %% 2', 2, 3],
    ['1e999', 0, 5],
    ['a + 🔥', 4, 6],
    ['pow(1, 2, 3)', 0, 12],
    [',', 0, 1],
  ])('%j has its mistake from %d to %d', (source, from, to) => {
    expect(parseReward(source)).toMatchObject({ ok: false, errors: [{ from, to }] });
  });

  it('refuses what is too long or nested too deeply', () => {
    expect(valueOf('1' + ' + 1'.repeat(400))).toBe('syntax');
    expect(valueOf('1' + '+1'.repeat(400))).toBe(401);
    expect(valueOf('('.repeat(60) + '1' + ')'.repeat(60))).toBe('syntax');
    expect(valueOf('-'.repeat(900) + '1')).toBe('syntax');
  });

  it('never throws, and keeps its places inside the source', () => {
    const piece = fc.constantFrom(
      ...'0 1 2 9 . e E + - * / ^ ( ) , a b x _ $ ; é **'.split(' '),
      ' ',
      '\n',
      ...rewardFunctionNames,
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.dictionary(fc.string(), fc.double()),
        (pieces, metrics) => {
          const source = pieces.join('');
          const parsed = parseReward(source);
          if (parsed.ok) {
            const result = parsed.evaluate(metrics);
            expect(!result.ok || Number.isFinite(result.reward)).toBe(true);
          } else {
            for (const { from, to } of parsed.errors) {
              expect(0 <= from && from <= to && to <= source.length).toBe(true);
            }
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('computes as JavaScript does', () => {
    const { expression } = fc.letrec<{ expression: string; leaf: string; pair: string }>((tie) => ({
      expression: fc.oneof({ maxDepth: 4 }, tie('leaf'), tie('pair')),
      leaf: fc.oneof(fc.integer({ min: 0, max: 99 }).map(String), fc.constantFrom('a', 'b')),
      pair: fc
        .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/'), tie('expression'), fc.boolean())
        .map(([left, operator, right, bracket]) =>
          bracket ? `(${left} ${operator} ${right})` : `${left} ${operator} ${right}`,
        ),
    }));
    fc.assert(
      fc.property(expression, fc.integer(), fc.integer(), (source, a, b) => {
        // The oracle: the same arithmetic, written in the same way, in the language itself.
        const oracle: unknown = runInNewContext(source, { a, b });
        expect(valueOf(source, { a, b })).toBe(Number.isFinite(oracle) ? oracle : 'not-finite');
      }),
    );
  });
});

describe('rewardOf', () => {
  const minimized: Metric = { name: 'c5', goal: 'minimize' };
  const maximized: Metric = { name: 'score', goal: 'maximize' };

  it('is the metric, with its sign turned if it is minimised', () => {
    expect(rewardOf(minimized, undefined, { c5: 0.38 })).toEqual({ ok: true, value: 0.38, reward: -0.38 });
    expect(rewardOf(maximized, undefined, { score: 7 })).toEqual({ ok: true, value: 7, reward: 7 });
    expect(rewardOf(minimized, undefined, { c5: 0 })).toEqual({ ok: true, value: 0, reward: 0 });
  });

  it('is the expression where there is one', () => {
    expect(rewardOf(minimized, '1 / c5', { c5: 0.5 })).toEqual({ ok: true, value: 0.5, reward: 2 });
  });

  it.each([
    [
      { other: 1 },
      '1 / c5',
      'missing-metric',
      'The evaluator did not give the metric "c5" (it gave: other).',
    ],
    [{ c5: NaN }, undefined, 'not-finite', 'The metric "c5" is NaN, not a finite number.'],
    [{ c5: -Infinity }, '1', 'not-finite', 'The metric "c5" is -Infinity, not a finite number.'],
    [
      { c5: 0 },
      '1 / c5',
      'not-finite',
      'The reward 1 / c5 is Infinity for these metrics, not a finite number.',
    ],
    [
      { c5: 1 },
      'c5 / time',
      'missing-metric',
      'The reward c5 / time needs the metric "time", which the evaluator did not give (it gave: c5).',
    ],
    [
      { c5: 1 },
      'c5 /',
      'bad-expression',
      'The reward c5 / cannot be read: The expression ends too early: a number, a metric name or "(" is missing.',
    ],
  ])('says what is wrong for %j and %s', (metrics, expression, reason, message) => {
    expect(rewardOf(minimized, expression, metrics)).toEqual({ ok: false, reason, message });
  });
});

describe('a doubtful reward', () => {
  it.each([
    ['1 / c5', 'minimize', undefined],
    ['-log(c5)', 'minimize', undefined],
    ['100 - c5 - size', 'minimize', undefined],
    ['c5', 'minimize', 'contradicts-goal'],
    ['1 / c5', 'maximize', 'contradicts-goal'],
    ['c5 - c5', 'maximize', undefined],
    ['abs(c5 - 1)', 'minimize', undefined],
    ['size', 'minimize', 'ignores-metric'],
    ['3', 'maximize', 'ignores-metric'],
    ['sqrt(0.3 - c5)', 'minimize', undefined],
  ] as const)('%s to %s: %s', (source, goal, doubt) => {
    const parsed = parseReward(source);
    expect(parsed.ok && doubtAbout(parsed, { name: 'c5', goal })).toBe(doubt);
  });
});
