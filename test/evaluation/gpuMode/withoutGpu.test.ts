import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../../src/evaluation/evaluator';
import { fixtures, never, taskEvaluator, taskFolder, type TaskEvaluator } from './support/taskEvaluator';

const onGpu = join(fixtures, 'on-gpu');
const good = readFileSync(join(onGpu, 'submission.py'), 'utf8');

describe('a task for a GPU on a host without one', () => {
  let bin = '';
  const open: TaskEvaluator[] = [];
  const folders: string[] = [];

  beforeAll(() => {
    // An interpreter that has our stand-in for PyTorch, in isolated mode as well.
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
      encoding: 'utf8',
    }).trim();
    const standIns = join(import.meta.dirname, 'standins');
    bin = taskFolder({
      python3: `#!/bin/sh\n[ "$1" = -I ] && shift\nPYTHONPATH="$PYTHONPATH:\${0%/*}/standins" exec ${python} "$@"\n`,
    });
    // An isolated program sees what lies beside the interpreter, but nothing of this repository.
    cpSync(standIns, join(bin, 'standins'), { recursive: true });
    chmodSync(join(bin, 'python3'), 0o755);
    folders.push(dirname(bin));
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.remove();
  });
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function prepared(...[task, options]: Parameters<typeof taskEvaluator>): Promise<TaskEvaluator> {
    const made = taskEvaluator(task, { path: bin, ...options });
    open.push(made);
    await made.evaluator.prepare(() => undefined, never);
    return made;
  }

  it('is refused, with what it wants and how to try it all the same', async () => {
    const refused = prepared(onGpu);
    await expect(refused).rejects.toThrow(EnvironmentError);
    await expect(refused).rejects.toMatchObject({
      message: 'PyTorch sees no GPU on this host. The task is for B200.',
      advice: expect.stringContaining('add device: cpu to evaluator') as string,
    });
  });

  it('runs its small cases on the processor when that is asked for, and says so', async () => {
    const { evaluate } = await prepared(onGpu, { evaluator: { device: 'cpu' } });
    const { outcome, cases = [] } = await evaluate(good);
    if (outcome.kind === 'failed') throw new Error(`${outcome.message}\n${outcome.outputTail}`);
    expect(outcome.feedback).toMatch(
      /^WITHOUT A GPU: tried on the processor, 2 of 4 test cases\. Times say nothing about a GPU\.\n/,
    );
    expect(outcome.feedback).toMatch(/mode leaderboard on the processor\):\nsize: 16; /);
    expect(cases.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
      'test 2 passed',
      'test 1 passed',
      'benchmark 1 passed',
      'leaderboard 1 passed',
    ]);
  });

  it('is refused where it takes several GPUs at once', async () => {
    const yaml = readFileSync(join(onGpu, 'task.yml'), 'utf8').replaceAll('seed:', 'world_size: 4, seed:');
    const folder = taskFolder({ 'task.yml': `${yaml}multi_gpu: true\n` }, 'on-gpu');
    folders.push(dirname(folder));
    await expect(prepared(folder, { evaluator: { device: 'cpu' } })).rejects.toThrow(
      'The task takes 4 GPUs at once',
    );
  });

  it('fails a wrong program there, too', async () => {
    const { evaluate } = await prepared(onGpu, { evaluator: { device: 'cpu' } });
    const { outcome } = await evaluate(good.replace('2 * value', '3 * value'));
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'invalid',
      message: 'test 2 (size: 2; seed: 3): 2 numbers',
    });
  });

  it('counts what passed when the processor is too slow for the rest', async () => {
    const folder = taskFolder(
      { 'task.yml': `${readFileSync(join(onGpu, 'task.yml'), 'utf8')}test_timeout: 10\n` },
      'on-gpu',
    );
    folders.push(dirname(folder));
    const { evaluate } = await prepared(folder, {
      evaluator: { device: 'cpu', mode: 'test' },
      problem: { metric: { name: 'tests_passed', goal: 'maximize' } },
    });
    const slow = good.replace(
      'assert torch',
      'import time; time.sleep(60 if len(data.values) > 2 else 0)\n    assert torch',
    );
    const { outcome, cases } = await evaluate(slow);
    expect(outcome).toMatchObject({ kind: 'valid', metrics: { tests_passed: 1 } });
    expect(outcome.kind === 'valid' && outcome.feedback).toContain('1 of 4 test cases');
    expect(cases?.map(({ verdict }) => verdict)).toEqual(['passed', 'skipped']);
  });
});
