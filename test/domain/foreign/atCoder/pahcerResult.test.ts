import { describe, expect, it } from 'vitest';
import { pahcerFiles, readPahcerBestScores } from '../../../../src/domain/foreign/atCoder/pahcerResult';
import type { CaseResult } from '../../../../src/domain/session/outcome';

const passed = (seed: number, value: number, durationMs: number): CaseResult => ({
  name: `seed ${seed}`,
  verdict: 'passed',
  value,
  durationMs,
});
const run = { startTime: '2026-01-01T00:00:00Z', goal: 'maximize', comment: 'hoge', best: {} } as const;

describe('the files of pahcer', () => {
  it('have the cases in the order of their seeds, with totals', () => {
    const cases: CaseResult[] = [
      passed(1, 10_000, 100),
      passed(0, 1000, 1000),
      { name: 'seed 12', verdict: 'failed', message: 'TLE: It took more than 2 s.', durationMs: 2500 },
      { name: 'seed 13', verdict: 'skipped' },
      { name: 'the compiler', verdict: 'passed', value: 5 },
    ];
    const files = pahcerFiles({ ...run, cases, best: { '0001': 5000 } });
    expect(JSON.parse(files.result)).toEqual({
      start_time: '2026-01-01T00:00:00Z',
      case_count: 3,
      total_score: 11_000,
      total_score_log10: 7,
      total_relative_score: 300,
      max_execution_time: 2.5,
      comment: 'hoge',
      tag_name: null,
      wa_seeds: [12],
      cases: [
        { seed: 0, score: 1000, relative_score: 100, execution_time: 1, error_message: '' },
        { seed: 1, score: 10_000, relative_score: 200, execution_time: 0.1, error_message: '' },
        {
          seed: 12,
          score: 0,
          relative_score: 0,
          execution_time: 2.5,
          error_message: 'TLE: It took more than 2 s.',
        },
      ],
    });
    expect(JSON.parse(files.bestScores)).toEqual({ '0000': 1000, '0001': 10_000 });
  });

  it('have a summary of the very form', () => {
    const { summaryHead, summaryLine } = pahcerFiles({
      ...run,
      cases: [passed(0, 1000, 1), passed(1, 10_000, 1)],
    });
    expect(summaryHead + summaryLine).toBe(
      [
        'Time                      | Cases | Total Score      | Avg. Score       | Total log10  | Avg. log10  | Comment',
        '--------------------------|------:|-----------------:|-----------------:|-------------:|------------:|----------------------',
        '2026-01-01T00:00:00Z |     2 |           11,000 |         5,500.00 |      7.00000 |     3.50000 | hoge',
        '',
      ].join('\n'),
    );
  });

  it('compare with the best where less is better', () => {
    const files = pahcerFiles({
      ...run,
      goal: 'minimize',
      cases: [passed(7, 50, 1)],
      best: { '0007': 40, '0100': 3 },
    });
    expect(JSON.parse(files.result)).toMatchObject({ total_relative_score: 80 });
    expect(files.bestScores).toBe('{\n  "0007": 40,\n  "0100": 3\n}');
  });

  it('read best scores tolerantly', () => {
    expect(readPahcerBestScores('{"0000": 5, "0001": 0, "x": 3, "0002": "4"}')).toEqual({ '0000': 5 });
    expect(readPahcerBestScores('[1]')).toEqual({});
    expect(readPahcerBestScores('no JSON')).toEqual({});
  });
});
