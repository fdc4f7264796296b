import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { problemTemplate } from '../../../src/extension/start/problemTemplate';

const run = promisify(execFile);
const result = z.object({
  valid: z.boolean(),
  metrics: z.record(z.string(), z.number()),
  feedback: z.string(),
});

describe('a new problem', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'new-problem-'));
    for (const [name, text] of problemTemplate('Sine')) await writeFile(join(folder, name), text);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  async function evaluate(program?: string): Promise<z.infer<typeof result>> {
    const candidate = join(folder, 'candidate.py');
    await writeFile(candidate, program ?? (await readFile(join(folder, 'initial.py'))));
    const resultPath = join(folder, 'result.json');
    await run('python3', [join(folder, 'evaluate.py')], {
      env: { ...process.env, DISCOVER_CANDIDATE: candidate, DISCOVER_RESULT: resultPath, DISCOVER_SEED: '1' },
    });
    return result.parse(JSON.parse(await readFile(resultPath, 'utf8')));
  }

  it('is a problem without a mistake, whatever it is called', () => {
    for (const title of ['Sine', 'a: "b" #c', '---', '{}', 'ä 🔥']) {
      const parsed = parseProblem(problemTemplate(title).get('problem.discover') ?? '');
      expect(parsed.diagnostics).toEqual([]);
      expect(parsed.problem?.title).toBe(title);
    }
  });

  it('has an evaluator that scores its program', async () => {
    const { valid, metrics } = await evaluate();
    expect(valid).toBe(true);
    expect(metrics['error']).toBeGreaterThan(0.01);
  });

  it('has an evaluator that ranks a better program higher', async () => {
    const before = await evaluate();
    const after = await evaluate('def coefficients():\n    return [0.0, 1.27323, -0.405285, 0.0]\n');
    expect(after.metrics['error']).toBeLessThan(before.metrics['error'] ?? 0);
  });

  it('has an evaluator that survives what candidates do', async () => {
    for (const program of [
      'def coefficients():\n    return [float("nan")] * 4\n',
      'def coefficients():\n    return "best"\n',
      'def coefficients():\n    raise SystemExit(3)\n',
      'import max\n',
      'import os\nos.environ["DISCOVER_RESULT"]\n',
      'print(0)\ndef coefficients():\n    return [1, 2]\n',
    ]) {
      expect(await evaluate(program)).toMatchObject({ valid: false, metrics: {} });
    }
  });
});
