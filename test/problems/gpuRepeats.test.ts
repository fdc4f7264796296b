import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const schema = z.object({
  ...{ heldInBatches: z.array(z.string()), alone: z.number(), turns: z.number(), shapes: z.number() },
  ...{ repeats: z.number(), waitedS: z.number(), ended: z.array(z.string()), apartPercent: z.number() },
});
const judges = { trimul: 'judge', 'mla-decode': 'gpu_judge' };

// What `on_gpu.py repeats` of both problems does on a host where sessions work, too.
describe.each(Object.entries(judges))(
  'timing the initial program of %s in two processes by turns',
  (name, judge) => {
    it('has the GPU alone for each timing, lets go of it in between, and says how long it waited', async () => {
      const script = join(import.meta.dirname, 'support', 'repeats_trials.py');
      const { stdout } = await promisify(execFile)(
        'python3',
        [script, join(import.meta.dirname, '../../problems', name), judge],
        { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
      );
      const lines = stdout.trimEnd().split('\n');
      const facts = schema.parse(JSON.parse(lines.at(-1) ?? ''));
      expect(facts.heldInBatches).toEqual(['alone']);
      expect(facts.repeats).toBe(3);
      // One more to find out what the clock itself takes.
      expect(facts.alone).toBe(1 + 3 * 2 * facts.shapes);
      expect(facts.waitedS).toBe(2 * facts.turns);
      expect(lines).toContain(`waited ${facts.waitedS.toFixed(1)} s for the GPU's turn`);
      expect(facts.ended).toEqual(['a', 'b']);
      expect(facts.apartPercent).toBeLessThan(2);
    });
  },
);
