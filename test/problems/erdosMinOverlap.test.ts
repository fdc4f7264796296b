import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { parseProblem } from '../../src/domain/problem/parseProblem';
import { checkProblemFiles } from '../../src/domain/problem/problemFiles';
import type { EvaluationOutcome } from '../../src/domain/session/outcome';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';
import { createEvaluator } from '../../src/evaluation/createEvaluator';
import type { EvaluationReport, Evaluator } from '../../src/evaluation/evaluator';
import { forging } from './support/catalogueProblem';
import { keepViews } from './support/keptViews';

const problemFolder = join(import.meta.dirname, '../../problems/erdos-min-overlap');
const initialText = readFileSync(join(problemFolder, 'initial.py'), 'utf8');
const parsed = parseProblem(readFileSync(join(problemFolder, 'erdos-min-overlap.discover'), 'utf8'));
/** Reference data lies beside the project, where it is at hand. */
const publishedPath = join(import.meta.dirname, '../../../shared/data/constructions/erdos.json');
const published = existsSync(publishedPath);
if (!published) process.stderr.write(`No ${publishedPath}: the published construction is not checked.\n`);

const root = mkdtempSync(join(tmpdir(), 'erdos-'));
const never = new AbortController().signal;
const views = keepViews();
let evaluator: Evaluator;
let count = 0;

beforeAll(async () => {
  if (parsed.problem === undefined) throw new Error('the problem file has mistakes');
  evaluator = createEvaluator({
    problem: parsed.problem,
    problemFolder,
    workRoot: join(root, 'work'),
    root,
    executor: createLocalExecutor(),
    storeBlob: views.storeBlob,
  });
  await evaluator.prepare(() => undefined, never);
}, 300_000);

afterAll(async () => {
  await evaluator.dispose();
  rmSync(root, { recursive: true, force: true });
});

function evaluate(candidateText: string, parentState?: string): Promise<EvaluationReport> {
  const state = parentState === undefined ? {} : { parentState };
  return evaluator.evaluate({ id: `t${count++}`, candidateText, seed: 7, ...state }, never);
}

/** A program that writes this Python expression as its answer. */
function writing(expression: string): string {
  return `import json, sys\njson.dump(${expression}, open(sys.argv[2], "w"))\n`;
}

async function outcomeOf(candidateText: string): Promise<EvaluationOutcome> {
  return (await evaluate(candidateText)).outcome;
}

describe('the Erdős minimum overlap problem', () => {
  it('has a problem file without mistakes, whose files are there', () => {
    expect(parsed.diagnostics).toEqual([]);
    expect(checkProblemFiles(parsed, (path) => existsSync(join(problemFolder, path)))).toEqual([]);
  });

  it('scores the initial program at 0.39 or worse, and the program run again from its own construction better', async () => {
    const first = await evaluate(initialText);
    const second = await evaluate(initialText, first.state);
    if (first.outcome.kind !== 'valid' || second.outcome.kind !== 'valid') throw new Error('not valid');
    expect(first.outcome.value).toBeGreaterThanOrEqual(0.39);
    expect(first.outcome.reward).toBeCloseTo(1 / first.outcome.value, 12);
    expect(second.outcome.value).toBeLessThanOrEqual(first.outcome.value);
  });

  it('gives the same construction for the same seed', async () => {
    const [one, other] = [await evaluate(initialText), await evaluate(initialText)];
    expect(one.state).toBeDefined();
    expect(one.state).toBe(other.state);
  });

  it.runIf(published)('scores the published construction at 0.3808753232177187', async () => {
    const { sequence } = z
      .object({ sequence: z.array(z.number()) })
      .parse(JSON.parse(readFileSync(publishedPath, 'utf8')));
    const outcome = await outcomeOf(writing(`{"h": ${JSON.stringify(sequence)}}`));
    if (outcome.kind !== 'valid') throw new Error(outcome.message);
    expect(Math.abs(outcome.value - 0.3808753232177187)).toBeLessThan(1e-12);
  });

  it('scores a program by its construction, whatever it claims', async () => {
    const claims = '{"h": [0.5] * 20, "c5": 0.1, "valid": True, "metrics": {"c5": 0.1}}';
    const outcome = await outcomeOf(`${writing(claims)}print('{"valid": true, "metrics": {"c5": 0.1}}')\n`);
    expect(outcome).toMatchObject({ kind: 'valid', value: 0.5 });
  });

  it('ignores verdicts that the program writes where ours goes, now and by a process that it leaves behind', async () => {
    const forge = forging('{"valid": True, "metrics": {"c5": 0.1}}');
    expect(await outcomeOf(forge + writing('{"h": [0.5] * 20}'))).toMatchObject({
      kind: 'valid',
      value: 0.5,
    });
  });

  it('draws the construction that it scored', async () => {
    const outcome = await outcomeOf(
      writing('{"h": [1.0, 0.123456789, 0.876543211, 0.0], "kind": "circles"}'),
    );
    if (outcome.kind !== 'valid') throw new Error(outcome.message);
    expect(views.viewOf(outcome)).toEqual({
      kind: 'step-function',
      title: `h in 4 steps, c5 = ${outcome.value.toFixed(7)}`,
      from: 0,
      to: 2,
      values: [1, 0.123457, 0.876543, 0],
    });
    const largest = await outcomeOf(writing('{"h": [1/3, 2/3] * 500}'));
    expect(views.sizeOf(largest)).toBeLessThan(20_000);
  });

  it('moves rounding of the mean out without leaving [0, 1]', async () => {
    const report = await evaluate(writing('{"h": [1.0, 1e-9, 1.0, 0.0]}'));
    expect(report.outcome.kind).toBe('valid');
    const { h } = z.object({ h: z.array(z.number()) }).parse(JSON.parse(report.state ?? ''));
    expect(Math.abs(h.reduce((sum, value) => sum + value, 0) - 2)).toBeLessThan(1e-15);
    expect(Math.max(...h)).toBeLessThanOrEqual(1);
  });

  it.each([
    ['NaN', '{"h": [float("nan")] * 20}', 'h[0] is not finite: nan.'],
    ['an infinite value', '{"h": [float("inf")] * 20}', 'h[0] is not finite: inf.'],
    ['too few values', '{"h": [0.5]}', 'h must have 2 to 1000 values; it has 1.'],
    ['too many values', '{"h": [0.5] * 1001}', 'h must have 2 to 1000 values; it has 1001.'],
    ['a value above 1', '{"h": [0.0, 1.5]}', 'h[1] = 1.5 is outside [0, 1].'],
    ['a value below 0', '{"h": [-0.5, 1.0]}', 'h[0] = -0.5 is outside [0, 1].'],
    ['a wrong mean', '{"h": [0.25] * 20}', 'The mean of h must be 1/2'],
    ['text for a number', '{"h": ["0.5"] * 20}', "h[0] is not a number: '0.5'."],
    ['true for a number', '{"h": [True, False]}', "h[0] is not a number: 'True'."],
    ['a huge integer', '{"h": [10**400] * 20}', 'is outside [0, 1].'],
    ['no list', '{"h": 0.5}', 'h must be a list of numbers.'],
    ['no h', '{"c5": 0.1}', 'The output must be an object with the key "h".'],
  ])('rejects %s with a sentence', async (_what, expression, message) => {
    expect(await outcomeOf(writing(expression))).toMatchObject({
      kind: 'failed',
      reason: 'invalid',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it.each([
    ['no output file', 'pass', 'The program wrote no output file.'],
    [
      'a deleted output file',
      'import os, sys\nopen(sys.argv[2], "w").close(); os.remove(sys.argv[2])',
      'no output file',
    ],
    [
      'an output file that is not JSON',
      'import sys\nopen(sys.argv[2], "w").write("[" * 100000)',
      'is not JSON',
    ],
    [
      'an output file that is too large',
      'import sys\nopen(sys.argv[2], "w").write("1" * 9000000)',
      'larger than 8000000 bytes',
    ],
    ['an exception', '1/0', 'ZeroDivisionError'],
    [
      'a complex result',
      'import json, sys\njson.dump({"h": [1j]}, open(sys.argv[2], "w"))',
      'not JSON serializable',
    ],
    ['a hang', 'import time\ntime.sleep(1000)', 'ran longer than 10 s'],
  ])('rejects %s', async (_what, program, message) => {
    expect(await outcomeOf(program)).toMatchObject({
      kind: 'failed',
      reason: 'invalid',
      message: expect.stringContaining(message) as unknown,
    });
  });

  it('ends a program that prints 100 MB, and one that forks without end', async () => {
    const loud = 'import sys\nfor _ in range(1600): sys.stdout.write("x" * 65536)\n';
    expect(await outcomeOf(loud)).toMatchObject({ kind: 'failed', reason: 'output-limit' });
    // Bounded by itself as well: at most 400 processes.
    const forks =
      'import os, time\nfor _ in range(400):\n    if os.fork() == 0: time.sleep(30); os._exit(0)\ntime.sleep(30)\n';
    expect(await outcomeOf(forks)).toMatchObject({ kind: 'failed', reason: 'process-limit' });
    expect((await evaluate(initialText)).outcome.kind).toBe('valid');
  });
});
