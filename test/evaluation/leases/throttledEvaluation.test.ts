import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { compileNvml } from './support/compileNvml';

const found = z.object({
  verdict: z.object({ metrics: z.record(z.string(), z.number()), feedback: z.string() }).nullable(),
  error: z.string().nullable(),
  rounds: z.number(),
});

describe.each(['trimul', 'mla-decode'])('an evaluation of %s', (name) => {
  const root = mkdtempSync(join(tmpdir(), 'throttled-'));
  beforeAll(() => compileNvml(root));
  afterAll(() => {
    rmSync(root, { recursive: true, force: true });
  });

  /** `env`: the sequences of the stand-in. */
  function evaluation(env: Readonly<Record<string, string>>): z.infer<typeof found> {
    const problem = join(import.meta.dirname, '../../../problems', name);
    const support = join(import.meta.dirname, '../../problems/support');
    const text = execFileSync(
      'python3',
      [join(import.meta.dirname, 'throttled_evaluation.py'), problem, support],
      { encoding: 'utf8', env: { PATH: process.env['PATH'], LD_LIBRARY_PATH: root, ...env } },
    );
    return found.parse(JSON.parse(text));
  }

  it('takes the rounds again that were taken under throttling, and has the same value', () => {
    const cool = evaluation({});
    const hot = evaluation({ NVML_REASONS: '0,0,0,0x40,0,0x8,0' });
    expect(hot.rounds).toBe(cool.rounds + 2);
    expect(hot.verdict?.metrics['geomean_us']).toBeCloseTo(cool.verdict?.metrics['geomean_us'] ?? 0, 1);
    expect(hot.verdict?.metrics['throttled']).toBe(2);
    expect(hot.verdict?.feedback).toContain('The GPU was throttled 2 times; these timings were taken again.');
    expect(cool.verdict?.metrics).toMatchObject({ throttled: 0, foreign_processes: 0, sm_clock_mhz: 1755 });
    expect(cool.verdict?.feedback).not.toContain('throttled');
  });

  it('has no value where the GPU is always throttled, nor for ever where it often is', () => {
    expect(evaluation({ NVML_REASONS: '0x8' })).toMatchObject({
      verdict: null,
      rounds: 0,
      error: expect.stringContaining('The program could not be timed: the GPU was throttled') as unknown,
    });
    const often = Array.from({ length: 40 }, () => '0,8,0,8,0,8,0,0').join(',');
    expect(evaluation({ NVML_REASONS: often }).error).toContain('could not be timed');
  });

  it('says that another program computed, whose number nobody has here', () => {
    const beside = evaluation({ NVML_OPEN: '3', NVML_COMPUTING: '1' });
    expect(beside.verdict?.metrics['foreign_processes']).toBe(1);
    expect(beside.verdict?.feedback).toContain('1 other program computed on the GPU meanwhile');
  });

  it('says where nothing can be recorded', () => {
    const { verdict } = evaluation({ LD_LIBRARY_PATH: '' });
    expect(verdict?.metrics).not.toHaveProperty('throttled');
    expect(verdict?.feedback).toContain('not recorded, for there is no NVML here.');
  });
});
