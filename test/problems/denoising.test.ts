import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseProblem } from '../../src/domain/problem/parseProblem';
import type { Limits } from '../../src/domain/problem/problem';
import { checkProblemFiles } from '../../src/domain/problem/problemFiles';
import type { EvaluationOutcome } from '../../src/domain/session/outcome';
import type { EvaluationReport, Evaluator } from '../../src/evaluation/evaluator';
import { createLocalExecutor } from '../../src/evaluation/localExecutor';
import { createEvaluator } from '../../src/evaluation/createEvaluator';
import { parseTunables } from '../../src/policy/tunables/marks';
import { catalogueText, commandOf, expectRejection, forging, validOutcome } from './support/catalogueProblem';
import { keepViews, viewOfKind } from './support/keptViews';

const problemFolder = join(import.meta.dirname, '../../problems/denoising');
const own = join(import.meta.dirname, 'denoising');
const parsed = parseProblem(catalogueText('denoising/denoising.discover'));
const initialText = catalogueText('denoising/initial.py');
const never = new AbortController().signal;
const views = keepViews();
const root = mkdtempSync(join(tmpdir(), 'denoising-'));
/** Raw counts of the R package sctransform (283 cells x 914 genes) as .npy: values are published of them alone. */
const pbmcPath = process.env['DENOISING_PBMC'];
if (pbmcPath === undefined)
  process.stderr.write('No DENOISING_PBMC: the values of real data are not checked.\n');
const landlock = hasLandlock();

function hasLandlock(): boolean {
  const code = 'import confined, sys; sys.exit(confined.landlock_version() == 0)';
  try {
    execFileSync('python3', ['-B', '-c', code], { cwd: problemFolder, stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('This system has no Landlock: what it keeps programs from is not tried.\n');
    return false;
  }
}

function program(name: string): string {
  return readFileSync(join(own, 'programs', `${name}.py`), 'utf8');
}

/** A program that writes this Python expression of `train` (int32), `mean` (all cells alike) and numpy. */
function writing(expression: string): string {
  return `import sys, numpy
train = numpy.load(sys.argv[1])
mean = train.sum(axis=1, keepdims=True) * train.sum(axis=0) / train.sum()
numpy.save(sys.argv[2], ${expression})
`;
}

/** A program that makes the output as the initial one does, and then changes it: \`output\`, a float64 matrix. */
function changing(line: string): string {
  return `${initialText}
output = np.load(sys.argv[2])
${line}
np.save(sys.argv[2], output)
`;
}

/** A program that does this with the path of the output, \`path\`. */
function filing(...lines: readonly string[]): string {
  return ['import os, sys, numpy, pickle', 'path = sys.argv[2]', ...lines].join('\n');
}

const opened: Evaluator[] = [];
let count = 0;

/** The problem, in a copy of its folder that holds these files too. */
async function open(
  evaluate: string,
  files: Readonly<Record<string, string>>,
  limits: Partial<Limits> = {},
): Promise<Evaluator> {
  if (parsed.problem === undefined) throw new Error('The problem file has mistakes.');
  const copy = join(root, `problem${opened.length}`);
  cpSync(problemFolder, copy, { recursive: true });
  for (const [name, path] of Object.entries(files)) cpSync(path, join(copy, name), { recursive: true });
  const evaluator = createEvaluator({
    // A program that hangs is stopped after a quarter of this time.
    problem: {
      ...parsed.problem,
      evaluator: { kind: 'command', command: evaluate },
      limits: { ...parsed.problem.limits, timeMs: 40_000, ...limits },
    },
    problemFolder: copy,
    workRoot: join(root, 'work'),
    root,
    executor: createLocalExecutor(),
    storeBlob: views.storeBlob,
  });
  opened.push(evaluator);
  await evaluator.prepare(() => undefined, never);
  return evaluator;
}

function run(evaluator: Evaluator, candidateText: string, seed = 7): Promise<EvaluationReport> {
  return evaluator.evaluate({ id: `t${count++}`, candidateText, seed }, never);
}

afterAll(async () => {
  for (const evaluator of opened) await evaluator.dispose();
  rmSync(root, { recursive: true, force: true });
}, 120_000);

describe('the problem denoising', () => {
  let evaluator: Evaluator;
  let ofInitial: number;
  beforeAll(async () => {
    evaluator = await open(commandOf(parsed.problem), {});
    ofInitial = validOutcome(await outcomeOf(initialText)).value;
  }, 300_000);

  async function outcomeOf(candidateText: string, seed?: number): Promise<EvaluationOutcome> {
    return (await run(evaluator, candidateText, seed)).outcome;
  }

  it('has a problem file without mistakes, whose files are there', () => {
    expect(parsed.diagnostics).toEqual([]);
    expect(checkProblemFiles(parsed, (path) => existsSync(join(problemFolder, path)))).toEqual([]);
  });

  it('marks the numbers of its initial program that decide what it reaches', () => {
    const { tunables, errors } = parseTunables(initialText);
    expect(errors).toEqual([]);
    expect(tunables).toHaveLength(7);
  });

  it('scores the initial program, MAGIC as it is published, at about 0.143', async () => {
    const outcome = validOutcome(await outcomeOf(initialText));
    expect(outcome.value).toBeGreaterThan(0.135);
    expect(outcome.value).toBeLessThan(0.151);
    expect(outcome.metrics['poisson_norm']).toBeGreaterThan(0.11);
    expect(outcome.reward).toBe(outcome.value);
    expect(outcome.feedback).toContain('synthetic 3: mse_norm 0.');
    expect(outcome.feedback).toContain(`mse_norm ${outcome.value.toFixed(4)}, standard deviation 0.`);
  });

  it('draws how well each data set was denoised', async () => {
    const outcome = validOutcome(await outcomeOf(initialText));
    const { rows, series } = viewOfKind(views.viewOf(outcome), 'bars');
    expect(series).toEqual(['This program', 'MAGIC with its published parameters, on average']);
    expect(rows.map(({ label }) => label)).toEqual(['synthetic 1', 'synthetic 2', 'synthetic 3']);
    const mean = rows.reduce((sum, { values }) => sum + (values[0] ?? NaN) / 3, 0);
    expect(mean).toBeCloseTo(outcome.value, 12);
    expect(rows.map(({ values }) => values[1])).toEqual([0.143, 0.143, 0.143]);
  });

  it('has the same data for the same seed and other data for another', async () => {
    expect(validOutcome(await outcomeOf(initialText)).value).toBe(ofInitial);
    expect(validOutcome(await outcomeOf(initialText, 8)).value).not.toBe(ofInitial);
  });

  it('takes either order and both widths of numbers, and cells of any scale', async () => {
    const same = 'np.asfortranarray(output * np.linspace(0.001, 0.1, 400)[:, None])';
    const scaled = validOutcome(await outcomeOf(changing(`output = ${same}`)));
    expect(scaled.value).toBeCloseTo(ofInitial, 10);
    const narrow = validOutcome(await outcomeOf(changing('output = output.astype(np.float32)')));
    expect(narrow.value).toBeCloseTo(ofInitial, 5);
  });

  it('scores a program by its matrix, whatever it claims', async () => {
    const claim = `print('{"valid": true, "metrics": {"mse_norm": 0.99}}', flush=True)
open("result.json", "w").write('{"valid": true, "metrics": {"mse_norm": 0.99}}')`;
    expect(validOutcome(await outcomeOf(changing(claim))).value).toBe(ofInitial);
  });

  it('ignores verdicts that the program, and a process that it leaves behind, write where ours goes', async () => {
    const forge = forging('{"valid": True, "metrics": {"mse_norm": 0.99}}');
    expect(validOutcome(await outcomeOf(forge + initialText)).value).toBe(ofInitial);
  });

  it('ends what the program leaves behind before it is run on the next data set', async () => {
    const text = program('stays').replace('NAME', root) + initialText;
    expect(validOutcome(await outcomeOf(text)).value).toBe(ofInitial);
  });

  it.runIf(landlock)(
    'keeps the test molecules, the seed, files and the evaluator from the program',
    async () => {
      expect(validOutcome(await outcomeOf(program('snoops') + initialText)).value).toBe(ofInitial);
      expectRejection(await outcomeOf(program('takes_truth')), 'must be 0.08 or more');
    },
  );

  it.each([
    ['the input', 'train.astype(float)', 'poisson_norm of synthetic 1 is'],
    ['the input, scaled up', 'train * 1.05', 'it must be 0.08 or more'],
    ['the input, scaled down', 'train * 1e-3', 'it must be 0.08 or more'],
    ['nothing but zeros', 'train * 0.0', '400 of 400 cells are empty in the output, cell 0 first.'],
    ['almost nothing', 'mean * 1e-9', '400 of 400 cells are empty'],
    [
      'one empty cell',
      'mean * (numpy.arange(400) != 5)[:, None]',
      '1 of 400 cells are empty in the output, cell 5',
    ],
    ['the mean of all cells', 'mean', 'it must be 0.08 or more'],
    ['the mean of all cells, scaled down', 'mean * 1e-3', 'it must be 0.08 or more'],
    ['the mean of all values', 'train * 0.0 + train.mean()', 'it must be 0.08 or more'],
    [
      'the largest gene of each cell alone',
      'numpy.where(train == train.max(axis=1, keepdims=True), train, 0.0)',
      'More than 1, which is that of the test molecules themselves',
    ],
    ['NaN', 'numpy.where(train == train.max(), numpy.nan, mean)', 'is not finite: nan.'],
    ['an infinite value', 'numpy.where(train == train.max(), numpy.inf, mean)', 'is not finite: inf.'],
    ['a negative value', 'mean - 1e-3 * (mean == mean.min())', 'is negative: -0.0'],
    ['a huge value', 'numpy.where(train == train.max(), 1e300, mean)', 'A value of 1e+300 is more than all'],
    ['complex values', 'mean + 0j', 'must be of float32 or float64; it is complex128.'],
    ['whole numbers', 'train', 'must be of float32 or float64; it is int32.'],
    ['big-endian numbers', 'mean.astype(">f8")', 'it is >f8.'],
    ['text', 'mean.astype("S1")', 'it is |S1.'],
    ['records', 'mean.view([("a", "<f8")])', "it is [('a', '<f8')]."],
    ['a transposed matrix', 'mean.T', 'must have the shape (400, '],
    ['one cell less', 'mean[1:]', 'it has (399, '],
    ['a single number', 'numpy.float64(1)', 'it has ().'],
  ])('rejects %s', async (_what, expression, message) => {
    expectRejection(await outcomeOf(writing(expression)), message);
  });

  const claimingHuge = `"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 1000000000000), }"`;
  it.each([
    ['no output', [], 'The program wrote no output file.'],
    ['a deleted output', ['open(path, "w").close()', 'os.remove(path)'], 'wrote no output file.'],
    ['an empty output', ['open(path, "w").close()'], "is not in numpy's format"],
    ['a folder', ['os.mkdir(path)'], 'wrote no output file.'],
    ['a pipe', ['os.mkfifo(path)'], 'is not a regular file'],
    ['a link to the input', ['os.symlink(sys.argv[1], path)'], 'wrote no output file.'],
    ['another format', ['numpy.savez(open(path, "wb"), a=1)'], "is not in numpy's format"],
    [
      'a matrix with its end missing',
      ['numpy.save(path, numpy.load(sys.argv[1]) * 1.0)', 'os.truncate(path, 100000)'],
      'of values and holds 99872.',
    ],
    [
      'a matrix with something after it',
      ['numpy.save(path, numpy.load(sys.argv[1]) * 1.0)', 'open(path, "ab").write(b"x")'],
      'bytes of values and holds',
    ],
    [
      'a header that claims a huge matrix',
      [
        `text = ${claimingHuge}`,
        'open(path, "wb").write(b"\\x93NUMPY\\1\\0v\\0" + text.ljust(117).encode() + b"\\n")',
      ],
      'it has (1000000000000, 1000000000000).',
    ],
    [
      'a header that is a program',
      [
        'text = "__import__(\'os\').kill(1, 9)"',
        'open(path, "wb").write(b"\\x93NUMPY\\1\\0v\\0" + text.ljust(117).encode() + b"\\n")',
      ],
      "is not in numpy's format",
    ],
    ['a file that is too large', ['open(path, "wb").write(b"0" * 100_000_000)'], 'File too large'],
    ['a file with a huge hole', ['open(path, "wb").truncate(10**12)'], 'File too large'],
    ['an exception', ['1 / 0'], 'ZeroDivisionError'],
    ['a signal', ['os.kill(os.getpid(), 11)'], 'signal 11 (SIGSEGV)'],
    [
      'a hang, also of a process that it starts',
      ['import time', 'os.fork()', 'time.sleep(1000)'],
      'ran longer than 10 s',
    ],
  ])('rejects %s', async (_what, lines, message) => {
    expectRejection(await outcomeOf(filing(...lines)), message);
  });

  it.each([
    'numpy.save(path, numpy.array([Payload()], dtype=object), allow_pickle=True)',
    'pickle.dump(Payload(), open(path, "wb"))',
  ])('never runs what is pickled: %s', async (write) => {
    const proof = join(root, `unpickled${count}`);
    const payload = ['class Payload:', `    def __reduce__(self): return open, ("${proof}", "w")`];
    expect((await outcomeOf(filing(...payload, write))).kind).toBe('failed');
    expect(existsSync(proof)).toBe(false);
  });

  it('ends a program that prints or holds too much', async () => {
    const loud = 'import sys\nfor _ in range(400): sys.stdout.write("x" * 65536)\n';
    expect(await outcomeOf(loud)).toMatchObject({ kind: 'failed', reason: 'output-limit' });
    const narrow = await open(commandOf(parsed.problem), {}, { memoryBytes: 300 * 2 ** 20 });
    const greedy = 'import numpy, time\nheld = numpy.ones(2**26)\ntime.sleep(30)\n';
    expect((await run(narrow, greedy)).outcome).toMatchObject({ kind: 'failed', reason: 'memory-limit' });
  });
});

describe('the data of denoising', () => {
  it("may be a matrix of one's own, of a path or an address, that programs cannot read either", async () => {
    const evaluator = await open(
      'python3 own_data.py',
      { 'own_data.py': join(own, 'own_data.py') },
      { timeMs: 300_000 },
    );
    const { outcome } = await run(evaluator, initialText);
    expect(outcome).toMatchObject({ kind: 'valid' });
  }, 300_000);
});

describe('the definition of denoising', () => {
  let found: Readonly<Record<string, number>>;
  beforeAll(async () => {
    const files = { 'definition.py': join(own, 'definition.py') };
    const evaluator = await open(
      'python3 definition.py',
      pbmcPath === undefined ? files : { ...files, 'pbmc.npy': pbmcPath },
    );
    found = validOutcome((await run(evaluator, initialText)).outcome).metrics;
  }, 300_000);

  it('has metrics equal to slow ones, written from the definition with its swapped arguments', () => {
    expect(found['largest_difference']).toBeLessThan(1e-12);
  });

  it('has the values that follow by hand', () => {
    expect(found['by_hand_mse']).toBeCloseTo((Math.log(10001 / 5001) ** 2 + Math.log(5001) ** 2) / 2, 12);
    expect(found['by_hand_poisson']).toBeCloseTo(
      (2 - 1.5 * Math.log(2.000001) - 0.5 * Math.log(1e-6)) / 2,
      12,
    );
  });

  it('splits molecules, nine tenths to train, and leaves out genes that train has not', () => {
    expect(found).toMatchObject({ least_test: 0, same_again: 1, same_of_other: 0 });
    expect(found['train_share']).toBeCloseTo(0.9, 2);
    expect(found['genes_in_train']).toBe(found['genes']);
    expect(found['genes_of_counts']).toBe(found['genes']);
  });

  it('makes counts like real ones: sparse, of unequal cells, in groups, and others for each seed and set', () => {
    expect(found).toMatchObject({ counts_again: 1, counts_of_second: 0, counts_of_other: 0 });
    expect(found['zeros']).toBeGreaterThan(0.6);
    expect(found['zeros']).toBeLessThan(0.75);
    expect(found['median_molecules']).toBeGreaterThan(8000);
    expect(found['spread_of_totals']).toBeCloseTo(0.4, 1);
    expect(found['structure']).toBeGreaterThan(2.5);
  });

  it.runIf(pbmcPath)('has the values of OpenProblems on real data', () => {
    expect(found['pbmc_none_mse']).toBeCloseTo(2.3011, 4);
    expect(found['pbmc_none_poisson']).toBeCloseTo(0.7377, 4);
    expect(found['pbmc_perfect_mse']).toBe(0);
    expect(found['pbmc_perfect_poisson']).toBeCloseTo(0.121, 4);
  });
});
