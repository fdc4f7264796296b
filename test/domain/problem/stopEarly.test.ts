import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../src/domain/problem/parseProblem';

function problemWith(...lines: readonly string[]): ReturnType<typeof parseProblem> {
  return parseProblem(
    [
      '---',
      'candidate: a.py',
      'metric: { name: mean, goal: maximize }',
      ...lines,
      '---',
      '',
      '# Title',
      'Text.',
    ].join('\n'),
  );
}

describe('stopEarly of a problem with a command', () => {
  it('is off unless the file says it', () => {
    const off = problemWith('evaluate: sh e.sh').problem?.evaluator;
    expect(off).toEqual({ kind: 'command', command: 'sh e.sh' });
    const on = problemWith('evaluate: sh e.sh', 'stopEarly: true');
    expect(on.diagnostics).toEqual([]);
    expect(on.problem?.evaluator).toEqual({ kind: 'command', command: 'sh e.sh', stopEarly: true });
  });

  it('goes with a reward of the metric alone', () => {
    const good = problemWith('evaluate: sh e.sh', 'stopEarly: true', 'reward: log(mean) / 3');
    expect(good.diagnostics).toEqual([]);
    const bad = problemWith('evaluate: sh e.sh', 'stopEarly: true', 'reward: mean - lowest');
    expect(bad.diagnostics).toMatchObject([
      {
        severity: 'error',
        code: 'bad-reward',
        message: expect.stringMatching(
          /^With stopEarly the reward may use "mean" alone.*take "lowest" out/,
        ) as unknown,
      },
    ]);
    expect(problemWith('evaluate: sh e.sh', 'stopEarly: false', 'reward: mean - lowest').diagnostics).toEqual(
      [],
    );
  });

  it('is another thing than raceParent, by which the command itself compares', () => {
    const on = problemWith('evaluate: sh e.sh', 'raceParent: true', 'reward: mean - lowest');
    expect(on.diagnostics).toEqual([]);
    expect(on.problem?.evaluator).toEqual({ kind: 'command', command: 'sh e.sh', raceParent: true });
    const both = problemWith('evaluate: sh e.sh', 'stopEarly: true', 'raceParent: true');
    expect(both.diagnostics).toMatchObject([{ severity: 'error', code: 'contradiction' }]);
    const foreign = problemWith('evaluator: { format: atcoder, folder: x }', 'raceParent: true');
    expect(foreign.diagnostics).toMatchObject([{ severity: 'warning', code: 'unused-key' }]);
  });

  it('stands within evaluator where there is one', () => {
    const { diagnostics } = problemWith('evaluator: { format: atcoder, folder: x }', 'stopEarly: true');
    expect(diagnostics).toMatchObject([{ severity: 'warning', code: 'unused-key' }]);
  });
});
