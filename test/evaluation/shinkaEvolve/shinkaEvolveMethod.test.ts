import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../../src/evaluation/evaluator';
import type { FolderEvaluation, FolderReport } from '../pythonDriver/evaluateFolder';
import { evaluateFolder, failure, fixtureFiles, valid } from '../pythonDriver/evaluateFolder';

const hill = fixtureFiles(join(import.meta.dirname, 'fixtures', 'climb'));

function climb(
  change?: readonly [from: string, to: string],
  more: Partial<FolderEvaluation> = {},
): Promise<FolderReport> {
  return evaluateFolder({
    format: 'shinka-evolve',
    files: hill,
    candidate: 'initial.py',
    ...(change === undefined ? {} : { candidateText: hill['initial.py']!.replace(...change) }),
    ...more,
  });
}

/** A folder whose evaluate.py is this text, with `program` and `results` at hand; the program is free of markers. */
function plain(evaluate: string, candidateText = 'value = 3\n'): Promise<FolderReport> {
  const head =
    'import argparse, json, os, sys\nparser = argparse.ArgumentParser()\n' +
    'parser.add_argument("--program_path")\nparser.add_argument("--results_dir")\n' +
    'args = parser.parse_args()\nprogram, results = args.program_path, args.results_dir\n' +
    'def write(name, value):\n    open(os.path.join(results, name), "w").write(value if isinstance(value, str) else json.dumps(value))\n';
  return climb(undefined, {
    files: { 'evaluate.py': head + evaluate, 'initial.py': 'value = 3\n' },
    candidateText,
  });
}

const good = 'write("correct.json", {"correct": True, "error": None})\n';

describe('an evaluation', () => {
  it('gives the score, public and private numbers, and feedback without what is private', async () => {
    const report = valid(await climb());
    // From 0, 1 and 2, ten steps of 0.1.
    expect(report.value).toBeCloseTo(7, 9);
    expect(report.metrics['highest']).toBeCloseTo(8, 9);
    expect(report.metrics['distance']).toBeCloseTo(3, 9);
    expect(report.metrics).toMatchObject({ num_valid_runs: 3, num_invalid_runs: 0 });
    expect(report.feedback).toContain('places: [2,3,1]');
    expect(report.feedback).toContain('The top is to the right of 4.');
    expect(report.feedback).not.toContain('distance');
  });

  it('scores a program with another block', async () => {
    expect(valid(await climb(['return position + 0.1', 'return 5.0'])).value).toBe(10);
  });

  it('is invalid with the reason that the folder gives', async () => {
    expect(failure(await climb(['return position + 0.1', 'return 1000.0']))).toMatchObject({
      reason: 'invalid',
      message: 'Validation failed: 1000.0 is off the map',
    });
    expect(failure(await climb(['return position + 0.1', 'return 1 / 0'])).message).toBe(
      'ZeroDivisionError: division by zero',
    );
  });

  it('refuses a program that was changed outside the blocks, before anything is run', async () => {
    const report = failure(await climb(['float(seed % 3)', '5.0']));
    expect(report.reason).toBe('invalid');
    expect(report.message).toContain('outside of them "position = float(seed % 3)" became "position = 5.0"');
    expect(failure(await climb(['# EVOLVE-BLOCK-END', ''])).message).toContain('must keep its 1 block');
  });

  it('runs evaluate.py as the main program in the folder, with the two arguments alone', async () => {
    const report = await plain(
      `${good}assert __name__ == "__main__" and len(sys.argv) == 5 and os.getcwd() == os.path.dirname(os.path.abspath(__file__))
import initial
write("metrics.json", {"combined_score": initial.value + int(open(program).read()), "public": {"inside": int(os.getcwd() in results)}})`,
      '40',
    );
    expect(valid(report).metrics).toEqual({ combined_score: 43, inside: 0 });
  });

  it('also where it ends with sys.exit(0), and with threads left', async () => {
    const report = await plain(
      `${good}write("metrics.json", {"combined_score": 2})\nimport threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()\nsys.exit(0)`,
    );
    expect(valid(report).value).toBe(2);
  });
});

describe('files of results', () => {
  it.each([
    ['no files', '', 'no-result', 'evaluate.py wrote no correct.json.'],
    ['no metrics', good, 'no-result', 'evaluate.py wrote no metrics.json.'],
    [
      'words for correct',
      'write("correct.json", {"correct": "yes"})',
      'bad-result',
      'correct.json is not as agreed',
    ],
    ['broken JSON', `${good}write("metrics.json", "{")`, 'bad-result', 'metrics.json is not as agreed'],
    [
      'no score',
      `${good}write("metrics.json", {"public": {}})`,
      'bad-result',
      'no number under combined_score',
    ],
    [
      'words for the score',
      `${good}write("metrics.json", {"combined_score": "9"})`,
      'bad-result',
      'no number',
    ],
    [
      'true for the score',
      `${good}write("metrics.json", {"combined_score": True})`,
      'bad-result',
      'no number',
    ],
    ['a score of NaN', `${good}write("metrics.json", {"combined_score": float("nan")})`, 'not-finite', 'NaN'],
    [
      'an exit code',
      `${good}write("metrics.json", {"combined_score": 1})\nsys.exit(4)`,
      'crashed',
      'exit code 4',
    ],
    [
      'an exception',
      `${good}write("metrics.json", {"combined_score": 1})\nraise KeyError("x")`,
      'crashed',
      "KeyError: 'x'",
    ],
    [
      'incorrect without a reason',
      'write("correct.json", {"correct": False})',
      'invalid',
      'found the program incorrect',
    ],
    [
      'incorrect with an exit code',
      'write("correct.json", {"correct": False, "error": "too long"})\nsys.exit(1)',
      'invalid',
      'too long',
    ],
    [
      'a missing package',
      'import no_such_package_here',
      'could-not-start',
      'no_such_package_here to environment.packages',
    ],
    ['more of shinka', 'from shinka.llm import LLMClient', 'could-not-start', 'add shinka-evolve to'],
  ])('with %s are a failure', async (_, evaluate, reason, words) => {
    const report = failure(await plain(evaluate));
    expect(report.reason).toBe(reason);
    expect(report.message).toContain(words);
  });

  it('that the program wrote before it ended the process count for nothing', async () => {
    const report = await plain(
      `exec(open(program).read())\n${good}write("metrics.json", {"combined_score": 1})`,
      `${good}write("metrics.json", {"combined_score": 1000})\nos._exit(0)`,
    );
    expect(failure(report)).toMatchObject({ reason: 'no-result' });
  });

  it('may have feedback in several parts, and numbers that are not finite in public', async () => {
    const report = await plain(
      `${good}write("metrics.json", {"combined_score": 1, "public": {"worst": float("inf"), "note": "a\\nb"}, "text_feedback": ["first", "second"]})`,
    );
    expect(valid(report).feedback).toBe('combined_score: 1\nworst: Infinity\nnote:\na\nb\n\nfirst\nsecond');
    expect(valid(report).metrics).toEqual({ combined_score: 1 });
  });
});

describe('a folder', () => {
  it('without evaluate.py is told so before a session', async () => {
    await expect(climb(undefined, { files: { 'initial.py': '' } })).rejects.toThrow(EnvironmentError);
  });

  it('stops a program that runs too long', async () => {
    const report = await climb(['return position + 0.1', 'while True: pass'], { limits: { timeMs: 2000 } });
    expect(failure(report).reason).toBe('timeout');
  });
});
