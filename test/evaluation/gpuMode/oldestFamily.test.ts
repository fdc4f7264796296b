import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  lines,
  namesAndVerdicts,
  never,
  prefixSum,
  taskEvaluator,
  taskFolder,
  type TaskEvaluator,
} from './support/taskEvaluator';

/** Imports the program itself, runs the last case alone in leaderboard mode, and calls every failure one of test 0. */
const inProcess = lines(
  'import os, sys, time',
  'from reference import check, generate_input',
  'from submission import custom_kernel',
  'out = os.fdopen(int(os.environ["POPCORN_FD"]), "w")',
  'say = lambda key, value: print(f"{key}: {value}", file=out, flush=True)',
  'cases = []',
  'for line in open(sys.argv[2]):',
  '    pairs = [part.split(": ") for part in line.strip().split("; ")]',
  '    cases.append({key: int(value) if value.isdigit() else value for key, value in pairs})',
  'mode = sys.argv[1]',
  'if mode not in ("test", "benchmark", "leaderboard"): sys.exit(2)',
  'if mode == "leaderboard": cases = cases[-1:]',
  "say(f\"{'test' if mode == 'test' else 'benchmark'}-count\", len(cases))",
  'for index, case in enumerate(cases):',
  '    data = generate_input(**case)',
  '    begin = time.perf_counter_ns()',
  '    right, message = check(data, custom_kernel(data))',
  '    if not right:',
  '        say("test-count", 1); say("test.0.status", "fail"); say("test.0.error", message.split("\\n")[0])',
  '        sys.exit(0)',
  '    if mode == "test": say(f"test.{index}.status", "pass")',
  '    else:',
  '        for key, value in dict(runs=3, mean=float(time.perf_counter_ns() - begin), std=1.0, err=0.5).items():',
  '            say(f"benchmark.{index}.{key}", value)',
  'say("check", "pass")',
);

describe('an evaluator of the oldest family', () => {
  const good = readFileSync(join(prefixSum, 'submission.py'), 'utf8');
  let folder = '';
  let task: TaskEvaluator;

  beforeAll(async () => {
    const yaml = readFileSync(join(prefixSum, 'task.yml'), 'utf8').replace('../eval.py', 'eval.py');
    folder = taskFolder({ 'task.yml': yaml, 'eval.py': inProcess }, 'prefix-sum');
    task = taskEvaluator(folder);
    await task.evaluator.prepare(() => undefined, never);
  });
  afterAll(async () => {
    await task.remove();
    rmSync(dirname(folder), { recursive: true, force: true });
  });

  it('is scored by its last benchmark, whatever task.yml ranks by, and that is said', async () => {
    const report = await task.evaluate(good);
    const { outcome, cases = [] } = report;
    if (outcome.kind === 'failed') throw new Error(`${outcome.message}\n${outcome.outputTail}`);
    expect(namesAndVerdicts(report).slice(3)).toEqual([
      'benchmark 0 passed',
      'benchmark 1 passed',
      'leaderboard 0 skipped',
      'leaderboard 1 passed',
    ]);
    expect(outcome.value).toBeCloseTo(cases.at(-1)?.value ?? NaN, 9);
    expect(outcome.feedback).toContain('runs only the last benchmark in its leaderboard mode');
  });

  it('fails a program without a check and with the exit code 0', async () => {
    const { outcome } = await task.evaluate(`${good}\ncustom_kernel = lambda data: []\n`);
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'invalid',
      message: 'test 0 (size: 4; is_reversed: False; seed: 9371): mismatch found!',
    });
  });
});
