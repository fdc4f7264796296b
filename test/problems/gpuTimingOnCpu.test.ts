import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { pythonWithTorch } from './support/pythonWithTorch';

const evaluated = z.object({
  metrics: z.record(z.string(), z.number()),
  feedback: z.string(),
  rows: z.number(),
  processes: z.number(),
});
const rejected = z.object({ rejected: z.string() });
const schema = z.object({
  ...{ alone: evaluated, whole: evaluated, stopped: evaluated, raced: evaluated, lost: evaluated },
  ...{ skips: rejected, identity: rejected },
});

const python = pythonWithTorch('timing is not tried on the CPU');

// Of what a GPU does only the driver's calls and the size of the cases are made up: see support/cuda_on_cpu.py.
describe.runIf(python).each(['trimul', 'mla-decode'])('the timing of %s, on the CPU', (name) => {
  let facts: z.infer<typeof schema>;
  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(
      python ?? '',
      [
        join(import.meta.dirname, 'support', 'cuda_on_cpu.py'),
        join(import.meta.dirname, '../../problems', name),
      ],
      { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', CUDA_VISIBLE_DEVICES: '' } },
    );
    facts = schema.parse(JSON.parse(stdout));
  }, 900_000);

  it('times every shape of a correct program with and without a parent', () => {
    for (const { metrics, rows, processes } of [facts.alone, facts.whole]) {
      const shapes = Object.entries(metrics).filter(([key]) => key.startsWith('us_'));
      expect(shapes.filter(([, us]) => us > 0)).toHaveLength(2);
      expect([rows, processes]).toEqual([2, 1]);
      expect(metrics['timing_checks_seconds']).toBeGreaterThan(0);
    }
    expect(facts.alone.metrics).not.toHaveProperty('stopped');
    expect(facts.whole.metrics['stopped']).toBe(0);
  });

  it('stops after a look without a second process', () => {
    const { metrics, feedback, processes } = facts.stopped;
    expect(metrics).toMatchObject({ stopped: 1, rounds: 2, raced: 0 });
    expect([feedback.includes('an estimate'), processes]).toEqual([true, 1]);
  });

  it('races in a second process, and goes on to the end or stops', () => {
    expect(facts.raced.processes).toBe(2);
    expect(facts.raced.metrics['stopped']).toBe(0);
    expect(facts.raced.metrics['race_s']).toBeGreaterThan(0);
    expect(facts.lost.processes).toBe(2);
    expect(facts.lost.metrics).toMatchObject({ stopped: 1, raced: 1, rounds: 1 });
  });

  it('rejects what is wrong at once, or only where it is timed', () => {
    expect(facts.identity.rejected).toContain('Wrong output for');
    expect(facts.skips.rejected).toContain('Wrong output');
  });
});
