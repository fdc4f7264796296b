import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writePahcerFiles } from '../../../src/evaluation/atCoder/writePahcerFiles';
import { base, prepared, valueOf, type Contest } from './contest';

/** Prints the first number of its input, and so shows which input it got. */
const echo = 'input()\nprint(input().split()[0])';
let contest: Contest;

beforeAll(async () => {
  contest = await prepared('batch', { candidate: 'main.py', evaluator: { cases: 150 } });
});
afterAll(async () => {
  await contest.evaluator.dispose();
  rmSync(base, { recursive: true, force: true });
});

describe("the folder's own seeds", () => {
  it('are those of pahcer_config.toml, in place of those of the step', async () => {
    const names = async (seed: number): Promise<string[]> =>
      (await contest.evaluate(echo, { seed, officialCases: true })).report.cases?.map(({ name }) => name) ??
      [];
    const expected = ['seed 0', 'seed 1', 'seed 2', 'seed 3', 'seed 4', 'seed 5'];
    expect(await names(1)).toEqual(expected);
    expect(await names(2)).toEqual(expected);
  });

  it('are made from the lines of seeds.txt, as the inputs of the contest are', async () => {
    const twice = await prepared('batch', {
      candidate: 'main.py',
      evaluator: { cases: 150 },
      change: (folder) => writeFileSync(join(folder, 'tools/seeds.txt'), '5\n\n4\n18446744073709551615\n'),
    });
    const listed = (await twice.evaluate(echo, { officialCases: true })).report.cases ?? [];
    const plain = (await contest.evaluate(echo, { officialCases: true })).report.cases ?? [];
    expect(listed.slice(0, 2).map(({ value }) => value)).toEqual([plain[5]?.value, plain[4]?.value]);
    expect(listed.slice(3).map(({ value }) => value)).toEqual(plain.slice(3).map(({ value }) => value));
    await twice.evaluator.dispose();
  });
});

describe('results for pahcer', () => {
  const folder = join(base, 'results');
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are added to a folder of the choice of the user', async () => {
    const { report } = await contest.evaluate(echo, { officialCases: true });
    const cases = report.cases ?? [];
    const first = {
      startedAt: new Date(2026, 0, 2, 3, 4, 5),
      cases,
      goal: 'maximize',
      comment: 'first',
    } as const;
    expect(await writePahcerFiles(folder, first)).toBe(join(folder, 'json/result_20260102_030405.json'));
    await writePahcerFiles(folder, { ...first, startedAt: new Date(2026, 0, 2, 3, 4, 6), comment: 'second' });
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual([
      '.gitignore',
      'best_scores.json',
      'json',
      'json/result_20260102_030405.json',
      'json/result_20260102_030406.json',
      'summary.md',
    ]);
    const written = JSON.parse(
      readFileSync(join(folder, 'json/result_20260102_030406.json'), 'utf8'),
    ) as unknown;
    expect(written).toMatchObject({
      start_time: expect.stringMatching(/^2026-01-02T03:04:06(?:Z|[+-]\d\d:\d\d)$/) as unknown,
      case_count: 6,
      total_score: valueOf(report) * 6,
      total_relative_score: 600,
      wa_seeds: [],
    });
    const summary = readFileSync(join(folder, 'summary.md'), 'utf8').trimEnd().split('\n');
    expect(summary).toHaveLength(4);
    expect(summary[3]).toMatch(/\| second$/);
  });

  it('leave what is there already', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '.gitignore'), 'mine\n');
    writeFileSync(join(folder, 'best_scores.json'), '{"0099": 7}');
    await writePahcerFiles(folder, { startedAt: new Date(), cases: [], goal: 'maximize', comment: '' });
    expect(readFileSync(join(folder, '.gitignore'), 'utf8')).toBe('mine\n');
    expect(JSON.parse(readFileSync(join(folder, 'best_scores.json'), 'utf8'))).toEqual({ '0099': 7 });
  });
});
