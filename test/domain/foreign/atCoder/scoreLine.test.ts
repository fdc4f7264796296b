import { describe, expect, it } from 'vitest';
import {
  readToolVerdict,
  scorePatternFromRust,
  usualScorePattern,
} from '../../../../src/domain/foreign/atCoder/scoreLine';

const read = (said: string, goal: 'minimize' | 'maximize' = 'maximize') =>
  readToolVerdict(said, usualScorePattern, goal);

describe('what an official tool says', () => {
  it.each([
    ['Score = 123\n', 123],
    ['  score=7', 7],
    ['Score: 12', 12],
    ['Score = 1,234,567', 1234567],
    ['Score = -3.5', -3.5],
    ['Score = 2.5e3', 2500],
    ['Turn 5\nScore = 3\nScore = 4\n', 4],
    ['Score = 0\n', 0],
  ])('is a score: %j', (said, score) => {
    expect(read(said)).toEqual({ kind: 'score', score });
  });

  it.each([
    ['Perimeter is too long\nScore = 0\n', 'Perimeter is too long'],
    ['Error: cannot pay\nScore = 0', 'Error: cannot pay'],
    ['wrong answer: Parse error: abc', 'wrong answer: Parse error: abc'],
    ['Error: out of range\nScore = 12\n', 'Error: out of range'],
    [
      "thread 'main' panicked at src/lib.rs:1:2:\nindex out of bounds",
      "thread 'main' panicked at src/lib.rs:1:2: index out of bounds",
    ],
  ])('is a refusal: %j', (said, why) => {
    expect(read(said)).toEqual({ kind: 'rejected', why });
  });

  it('is a refusal where less is better and it gives 0', () => {
    expect(read('Score = 0', 'minimize').kind).toBe('rejected');
    expect(read('Score = 1', 'minimize')).toEqual({ kind: 'score', score: 1 });
  });

  it('is no score where it says nothing', () => {
    expect(read('')).toEqual({ kind: 'no-score' });
  });
});

describe('a score_regex of pahcer', () => {
  it('is read in the syntax of Rust', () => {
    const custom = scorePatternFromRust(String.raw`(?im)^final\s+(?P<score>\d+) points$`);
    if (!custom.ok) throw new Error(custom.problem);
    expect(readToolVerdict('x\nFINAL 12 points', custom.scorePattern, 'maximize')).toEqual({
      kind: 'score',
      score: 12,
    });
    const usual = scorePatternFromRust(String.raw`(?m)^\s*Score\s*=\s*(?P<score>\d+)\s*$`);
    expect(usual).toEqual({ ok: true, scorePattern: usualScorePattern });
  });

  it.each([
    ['(?x) (?P<score>1)', /flag x/],
    [String.raw`Score = (\d+)`, /needs a group/],
    ['(?P<score>[)', /cannot be read/],
  ])('that cannot be used is refused: %s', (source, problem) => {
    expect(scorePatternFromRust(source)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(problem) as unknown,
    });
  });
});
