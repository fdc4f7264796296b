import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../../src/evaluation/evaluator';
import type { FolderEvaluation, FolderReport } from '../pythonDriver/evaluateFolder';
import { evaluateFolder, failure, fixtureFiles, valid } from '../pythonDriver/evaluateFolder';

const staircase = fixtureFiles(join(import.meta.dirname, 'fixtures', 'staircase'));

function stairs(candidateText?: string, changes: Partial<FolderEvaluation> = {}): Promise<FolderReport> {
  return evaluateFolder({
    format: 'openevolve',
    files: staircase,
    candidate: 'initial_program.py',
    ...(candidateText === undefined ? {} : { candidateText }),
    ...changes,
  });
}

/** A folder with this evaluator and without stages. */
function plain(evaluator: string, changes: Partial<FolderEvaluation> = {}): Promise<FolderReport> {
  return stairs(undefined, {
    ...changes,
    files: { 'evaluator.py': evaluator, 'initial_program.py': 'value = 3\n', ...changes.files },
  });
}

/** A program whose first `count` numbers are squares. */
const squares = (count: number): string =>
  `def numbers(count):\n    return [i * i if i < ${count} else 2 for i in range(count)]\n`;

describe('stages', () => {
  it('are all run for a program that reaches the thresholds', async () => {
    const report = await stairs(squares(14));
    expect(valid(report)).toMatchObject({
      value: 14 / 16,
      reward: 14 / 16,
      metrics: { combined_score: 14 / 16, share: 1, deep: 14 / 16, quick: 1 },
    });
    expect(report.cases).toEqual([
      { name: 'stage 1', verdict: 'passed', value: 1 },
      { name: 'stage 2', verdict: 'passed', value: 1 },
      { name: 'stage 3', verdict: 'passed', value: 14 / 16 },
    ]);
    expect(report.live).toEqual(report.cases);
  });

  it('end below a threshold, with what was found so far', async () => {
    const first = await stairs(squares(1));
    expect(valid(first).metrics).toEqual({ combined_score: 0.25, quick: 1 });
    expect(first.cases).toEqual([
      {
        name: 'stage 1',
        verdict: 'passed',
        value: 0.25,
        message: 'Below the threshold of 0.5: the next stage was not run.',
      },
    ]);
    const second = await stairs(squares(5));
    expect(valid(second).value).toBe(5 / 8);
    expect(second.cases).toHaveLength(2);
  });

  it('fail a program that breaks in a later one: breaking keeps no score of an earlier one', async () => {
    const breaking = `${squares(16)}\nearlier = numbers\ndef numbers(count):\n    assert count == 4, 'only four'\n    return earlier(count)\n`;
    const report = await stairs(breaking);
    expect(failure(report)).toMatchObject({
      reason: 'crashed',
      message: 'evaluate_stage2 raised AssertionError: only four',
    });
    expect(failure(report).outputTail).toContain('Traceback');
    expect(report.cases).toMatchObject([
      { name: 'stage 1', verdict: 'passed' },
      { name: 'stage 2', verdict: 'failed' },
    ]);
  });

  it('have the time of the configuration each, and a slow one is stopped', async () => {
    const config = staircase['config.yaml']!.replace('timeout: 20', 'timeout: 10');
    const slow = `import time\n${squares(16)}\nfast = numbers\ndef numbers(count):\n    time.sleep(1000 if count > 4 else 0)\n    return fast(count)\n`;
    const report = await stairs(slow, { files: { ...staircase, 'config.yaml': config } });
    expect(failure(report)).toMatchObject({
      reason: 'timeout',
      message: 'Ran longer than 10 s and was stopped.',
    });
    expect(report.cases).toMatchObject([{ verdict: 'passed' }, { name: 'stage 2', verdict: 'failed' }]);
  });

  it('never see what an earlier one made of the folder', async () => {
    const spoiling = `import squares, os
open(squares.__file__, 'w').write('def is_square(number):\\n    return True\\n')
${squares(5)}`;
    expect(valid(await stairs(spoiling)).value).toBe(5 / 8);
  });

  it('are not run where the configuration turns them off', async () => {
    const config = staircase['config.yaml']!.replace('cascade_evaluation: true', 'cascade_evaluation: false');
    const report = await stairs(squares(1), { files: { ...staircase, 'config.yaml': config } });
    expect(valid(report).metrics).toEqual({ combined_score: 1 / 16, deep: 1 / 16 });
    expect(report.cases).toBeUndefined();
  });

  it('have the thresholds of OpenEvolve without a configuration', async () => {
    const files = Object.fromEntries(Object.entries(staircase).filter(([path]) => path !== 'config.yaml'));
    const report = await stairs(squares(6), { files });
    expect(valid(report).value).toBe(6 / 16);
  });
});

describe('what the evaluator says', () => {
  it('is the mean of its numbers without combined_score, feature dimensions and flags left out', async () => {
    const report = await plain(
      'def evaluate(path):\n    return {"a": 1, "b": 4.0, "size": 1000, "ok": True, "gone": float("nan")}',
      { files: { 'config.yaml': 'database: { feature_dimensions: [size] }' } },
    );
    expect(valid(report)).toMatchObject({
      value: 2.5,
      metrics: { a: 1, b: 4, size: 1000, ok: 1, combined_score: 2.5 },
    });
    expect(valid(report).metrics).not.toHaveProperty('gone');
  });

  it('is fed back: numbers, words, and text artifacts without colors; bytes are kept as files', async () => {
    const report = await stairs(squares(14));
    const { feedback, artifacts } = valid(report);
    expect(feedback).toContain('share: 1');
    expect(feedback).toContain('### hint\nSquares end in 0, 1, 4, 5, 6 or 9.');
    expect(feedback).not.toContain('\u001b');
    expect(report.blobs.get(artifacts!['plot']!)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0]));
  });

  it('is cut to max_artifact_bytes, and left out where artifacts are turned off', async () => {
    const evaluator =
      'import os\nfrom openevolve.evaluation_result import EvaluationResult\n' +
      'def evaluate(path):\n    return EvaluationResult(metrics={"combined_score": 1}, artifacts={"log": "x" * 5000, "env": os.environ["ENABLE_ARTIFACTS"]})';
    const cut = valid(
      await plain(evaluator, { files: { 'config.yaml': 'prompt: { max_artifact_bytes: 10 }' } }),
    );
    expect(cut.feedback).toContain(`### log\n${'x'.repeat(10)}\n[… 4990 characters left out]`);
    expect(cut.feedback).toContain('### env\ntrue');
    const off = valid(
      await plain(evaluator, { files: { 'config.yaml': 'evaluator: { enable_artifacts: false }' } }),
    );
    expect(off.feedback).toBe('combined_score: 1');
  });

  it('with an error in words and the score 0 is a failure', async () => {
    const report = await plain(
      'def evaluate(path):\n    return {"combined_score": 0.0, "error": "no function solve"}',
    );
    expect(failure(report)).toMatchObject({ reason: 'invalid', message: 'no function solve' });
    const late = await plain(
      'from openevolve.evaluation_result import EvaluationResult\n' +
        'def evaluate(path):\n    return {}\ndef evaluate_stage1(path):\n    return {"combined_score": 1, "note": "quick"}\n' +
        'def evaluate_stage2(path):\n    return EvaluationResult({"combined_score": 0.0, "error": "broke late"}, {"traceback": "line 3"})',
    );
    expect(failure(late)).toMatchObject({ reason: 'invalid', message: 'broke late' });
    expect(failure(late).outputTail).toContain('### traceback\nline 3');
    expect(failure(late).outputTail).toContain('note: quick');
    const deviation = await plain(
      'def evaluate(path):\n    return {"combined_score": 0.5, "error": "one of 9 cases"}',
    );
    expect(valid(deviation).value).toBe(0.5);
    expect(valid(deviation).feedback).toContain('one of 9 cases');
  });

  it.each([
    ['{"error": 0.0}', 'invalid'],
    ['{}', 'invalid'],
    ['None', 'bad-result'],
    ['0.7', 'bad-result'],
    ['{"combined_score": float("nan")}', 'not-finite'],
    ['{"a": float("inf")}', 'not-finite'],
  ])('cannot be %s', async (result, reason) => {
    expect(failure(await plain(`def evaluate(path):\n    return ${result}`)).reason).toBe(reason);
  });

  it('counts numbers of numpy and whole numbers of any size', async () => {
    const scalar = 'class Scalar:\n    def item(self):\n        return 0.25\n';
    const report = await plain(
      `${scalar}def evaluate(path):\n    return {"combined_score": Scalar(), "big": 10**30}`,
    );
    expect(valid(report).metrics).toEqual({ combined_score: 0.25, big: 1e30 });
  });

  it('may come from a coroutine', async () => {
    expect(valid(await plain('async def evaluate(path):\n    return {"combined_score": 0.5}')).value).toBe(
      0.5,
    );
  });

  it('with a place of the work folder is the same in every evaluation', async () => {
    const evaluator =
      'def evaluate(path):\n    return {"combined_score": 1, "program": path, "file": __file__}';
    const { feedback } = valid(await plain(evaluator));
    expect(feedback).toContain('program: <work folder>/program/program.py\nfile: task/evaluator.py');
  });

  it('may use another metric of the problem', async () => {
    const report = await plain('def evaluate(path):\n    return {"seconds": 2.0, "combined_score": 0.5}', {
      metric: { name: 'seconds', goal: 'minimize' },
    });
    expect(valid(report)).toMatchObject({ value: 2, reward: -2 });
  });
});

describe('the evaluator', () => {
  it('finds its own modules, the program with its ending beside the folder, and the initial program in it', async () => {
    const evaluator = `import os
import initial_program
def evaluate(path):
    return {
        "combined_score": 1.0,
        "initial": initial_program.value,
        "program": float(open(path).read()),
        "inside": os.path.dirname(__file__) in path,
        "ending": path.endswith(".py"),
        "here": os.getcwd() == os.path.dirname(os.path.abspath(__file__)),
    }`;
    const report = await plain(evaluator, { candidateText: '12.5' });
    expect(valid(report).metrics).toMatchObject({ initial: 3, program: 12.5, inside: 0, ending: 1, here: 1 });
  });

  it('may score programs of other languages, and ones that lie outside the folder', async () => {
    const report = await evaluateFolder({
      format: 'openevolve',
      files: {
        'evaluator.py':
          'def evaluate(path):\n    return {"combined_score": 1.0 if path.endswith(".rs") else 0.1}',
        '../mine.rs': 'fn main() {}',
      },
      candidate: '../mine.rs',
    });
    expect(valid(report).value).toBe(1);
  });

  it('that needs a package says which', async () => {
    const missing = failure(await plain('import no_such_package_here\ndef evaluate(path):\n    return {}'));
    expect(missing).toMatchObject({ reason: 'could-not-start' });
    expect(missing.message).toContain('no_such_package_here to environment.packages');
    const inside = failure(
      await plain('from openevolve.llm import Ensemble\ndef evaluate(path):\n    return {}'),
    );
    expect(inside.message).toContain('add openevolve to environment.packages');
  });

  it('without evaluate is told so, even with stages', async () => {
    const report = await plain('def evaluate_stage1(path):\n    return {"combined_score": 1}');
    expect(failure(report)).toMatchObject({ reason: 'could-not-start' });
    expect(failure(report).message).toContain('no function evaluate(program_path)');
  });

  it('must be there, and its configuration readable', async () => {
    await expect(stairs(undefined, { files: { 'initial_program.py': '' } })).rejects.toThrow(
      EnvironmentError,
    );
    await expect(plain('', { files: { 'config.yaml': 'evaluator: { timeout: soon }' } })).rejects.toThrow(
      'config.yaml cannot be used, evaluator.timeout',
    );
  });

  it('whose program ends the process has given no verdict, whatever the program wrote', async () => {
    const evaluator = staircase['evaluator.py']!;
    const report = await stairs(
      `import glob, json, os
for folder in glob.glob(os.path.join(os.path.dirname(os.getcwd()), '..', 'driver')):
    for name in ['verdict.json', 'order.json', 'result.json']:
        open(os.path.join(folder, name), 'w').write(json.dumps({'seal': '', 'verdict': {'kind': 'result'}}))
assert os.environ['DISCOVER_RESULT'] == ''
os._exit(0)`,
      { files: { ...staircase, 'evaluator.py': evaluator } },
    );
    expect(failure(report)).toMatchObject({
      reason: 'no-result',
      message: 'The evaluation was ended from within before the evaluator had given a verdict.',
    });
  });

  it('whose program exits or is killed has crashed', async () => {
    expect(failure(await stairs('raise SystemExit(3)')).message).toBe('evaluate_stage1 raised SystemExit: 3');
    expect(failure(await stairs('import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)')).reason).toBe(
      'killed',
    );
  });

  it('does not wait for threads that a program left', async () => {
    const report = await stairs(
      `import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\n${squares(1)}`,
    );
    expect(valid(report).value).toBe(0.25);
  });
});
