import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
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
