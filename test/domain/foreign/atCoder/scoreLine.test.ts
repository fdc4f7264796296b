import fc from 'fast-check';
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

  it('may have blanks and comments, with the flag x', () => {
    const source = String.raw`
      (?x) (?m)      # as pahcer's own
      ^ \s* total\ score \s* = \s*
      (?P<score> [ 0-9 , ]+ (?: \. \d+ )? )  # digits # and commas
      \s* \# $`;
    const read = scorePatternFromRust(source.trimStart());
    if (!read.ok) throw new Error(read.problem);
    expect(readToolVerdict('Turn 1\ntotal score = 1,234.5 #\n', read.scorePattern, 'maximize')).toEqual({
      kind: 'score',
      score: 1234.5,
    });
    expect(readToolVerdict('totalscore = 1 #', read.scorePattern, 'maximize').kind).toBe('rejected');
  });

  it.each([
    [String.raw`\A(?P<score>\d+)\z`, '12', 12],
    [String.raw`\A(?P<score>\d+)\z`, '12\n', undefined],
    ['(?i)SCORE (?P<score>[[:digit:]]+)', 'score 7', 7],
    ['(?P<score>[^[:alpha:][:space:]]+)$', 'x 7', 7],
    [String.raw`\x{53}core (?P<score>\d)`, 'Score 7', 7],
    [String.raw`[]x]core (?P<score>\d)`, ']core 7', 7],
    ['(?-u)(?P<score>7)', '7', 7],
    ['(?x-x)(?P<score>7) x', '7 x', 7],
  ])('may use what Rust has: %s', (source, said, score) => {
    const read = scorePatternFromRust(source);
    if (!read.ok) throw new Error(read.problem);
    const verdict = readToolVerdict(said, read.scorePattern, 'maximize');
    expect(verdict.kind === 'score' ? verdict.score : undefined).toBe(score);
  });

  it('is read or refused, and never throws', () => {
    const part = fc.constantFrom(
      ...'()[]{}?*+|^$\\.-:<>Px #\nas5'.split(''),
      '(?P<score>',
      '[[:',
      ':]]',
      '\\x{',
      '(?x)',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const read = scorePatternFromRust(parts.join(''));
        expect(read.ok ? read.scorePattern.pattern.global : read.problem.endsWith('.')).toBe(true);
      }),
    );
  });

  it.each([
    ['(?U)(?P<score>1)', /flag U/],
    ['(?P<score>[a[b]])', /brackets within/],
    ['(?P<score>[[:nothing:]])', /no class/],
    ['Score (?i:x) (?P<score>1)', /cannot be used/],
    [String.raw`Score = (\d+)`, /needs a group/],
    ['(?P<score>[)', /cannot be used, it cannot be read/],
  ])('that cannot be used is refused: %s', (source, problem) => {
    expect(scorePatternFromRust(source)).toMatchObject({
      ok: false,
      problem: expect.stringMatching(problem) as unknown,
    });
  });
});
