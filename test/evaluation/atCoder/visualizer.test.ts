import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { putBuiltVisualizer } from './builtVisualizer';
import { base, failureOf, initialText, prepared, valueOf } from './contest';

afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe('the official visualizer', () => {
  it('makes the cases and scores the answers where there is no crate', async () => {
    const contest = await prepared('visualizer', { candidate: 'main.py' });
    const { report } = await contest.evaluate(initialText('visualizer', 'main.py'));
    expect(valueOf(report)).toBe(995);
    expect(report.cases).toHaveLength(3);
    const wrong = failureOf((await contest.evaluate('print("abc")')).report);
    expect(wrong.message).toMatch(/is WA.*Parse error/);
    await contest.evaluator.dispose();
  });
});

describe('a visualizer with memory, options and results of its own', () => {
  const sum = initialText('visualizer', 'main.py');

  it('makes cases that follow from their seeds, and scores what is printed', async () => {
    const contest = await prepared('visualizer', { candidate: 'main.py', change: putBuiltVisualizer });
    const off = (by: number): string => `input()\nprint(sum(map(int, input().split())) + ${by})`;
    expect(valueOf((await contest.evaluate(off(0))).report)).toBe(1000);
    expect(valueOf((await contest.evaluate(off(-7))).report)).toBe(993);
    const first = 'input()\nprint(input().split()[0])';
    const scores = async (seed: number): Promise<unknown> =>
      (await contest.evaluate(first, { seed })).report.cases?.map(({ value }) => value);
    expect(await scores(1)).toEqual(await scores(1));
    expect(await scores(1)).not.toEqual(await scores(2));
    expect((await contest.evaluate(sum)).report.outcome.kind).toBe('valid');
    await contest.evaluator.dispose();
  });

  it.each([
    ['refuses an answer', 'print("x 1")', /is WA.*Parse error/],
    ['panics over an answer', 'print("p")', /is WA.*the visualizer failed: unreachable\./],
    ['panics before it scores, and is started again', 'print("t 1")', /is WA.*Parse error/],
  ])('%s', async (_what, text, message) => {
    const contest = await prepared('visualizer', { candidate: 'main.py', change: putBuiltVisualizer });
    expect(failureOf((await contest.evaluate(text)).report).message).toMatch(message);
    await contest.evaluator.dispose();
  });
});

describe('a host without cargo', () => {
  it('is told what to install', async () => {
    vi.stubEnv('PATH', '/usr/bin:/bin');
    vi.stubEnv('HOME', base);
    vi.stubEnv('CARGO_HOME', join(base, 'no-cargo'));
    await expect(prepared('batch', { candidate: 'main.py' })).rejects.toMatchObject({
      message: "This host has no cargo, which builds the contest's tools.",
      advice: expect.stringMatching(/rustup\.rs.*_bg\.wasm/) as unknown,
    });
    await expect(prepared('reactive', { candidate: 'main.py' })).rejects.toThrow('no cargo');
  });
});
