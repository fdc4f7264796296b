import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { GpuMode } from '../../../src/domain/problem/problem';
import {
  lines,
  namesAndVerdicts,
  never,
  prefixSum,
  taskEvaluator,
  taskFolder,
  type TaskEvaluator,
} from './support/taskEvaluator';

const good = readFileSync(join(prefixSum, 'submission.py'), 'utf8');

/** Right on lists of at most so many numbers. */
const rightUpTo = (size: number): string =>
  lines(
    good,
    'rightly = custom_kernel',
    'def custom_kernel(data):',
    `    return rightly(data) if len(data[0]) <= ${size} else [-1]`,
  );

describe('a folder of GPU MODE', () => {
  const open: TaskEvaluator[] = [];
  const folders: string[] = [];

  async function prepared(...args: Parameters<typeof taskEvaluator>): Promise<TaskEvaluator> {
    const made = taskEvaluator(...args);
    open.push(made);
    await made.evaluator.prepare(() => undefined, never);
    return made;
  }
  const inMode = (mode: GpuMode, more: Parameters<typeof taskEvaluator>[1] = {}): Promise<TaskEvaluator> =>
    prepared(prefixSum, { ...more, evaluator: { mode } });

  /** The task with another evaluator or other words in its `task.yml`. */
  function changed(files: Record<string, string>, yaml: (text: string) => string = (text) => text): string {
    const text = readFileSync(join(prefixSum, 'task.yml'), 'utf8');
    const folder = taskFolder({ 'task.yml': yaml(text), ...files }, 'prefix-sum');
    folders.push(dirname(folder));
    return folder;
  }
  const withOwnEval = (script: string, yaml: (text: string) => string = (text) => text): string =>
    changed({ 'eval.py': script }, (text) => yaml(text.replace('../eval.py', 'eval.py')));

  afterEach(async () => {
    for (const one of open.splice(0)) await one.remove();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it('is scored by test, benchmark and leaderboard, with microseconds of every shape', async () => {
    const { evaluate } = await prepared(prefixSum);
    const report = await evaluate(good);
    const { outcome, cases = [], live } = report;
    if (outcome.kind === 'failed') throw new Error(outcome.message);
    expect(namesAndVerdicts(report)).toEqual([
      'test 0 passed',
      'test 1 passed',
      'test 2 passed',
      'benchmark 0 passed',
      'benchmark 1 passed',
      'leaderboard 0 passed',
      'leaderboard 1 passed',
    ]);
    expect(cases[0]).toEqual({
      name: 'test 0',
      verdict: 'passed',
      message: 'size: 4; is_reversed: False; seed: 9371\nfirst value: 588',
    });
    const [a, b] = cases.slice(5).map(({ value }) => value ?? NaN);
    expect(outcome.metrics['geomean_us']).toBeCloseTo(Math.sqrt((a ?? NaN) * (b ?? NaN)), 9);
    expect(outcome.metrics['mean_us']).toBeCloseTo(((a ?? NaN) + (b ?? NaN)) / 2, 9);
    expect(outcome.metrics).toMatchObject({
      time_us: outcome.metrics['geomean_us'],
      last_us: b,
      tests_passed: 3,
    });
    expect(outcome.feedback).toContain('All 3 test cases passed.');
    expect(outcome.feedback).toMatch(
      /µs \(geometric mean, mode leaderboard\):\nsize: 64; .* µs ± .* µs \(best .* calls\)/,
    );
    expect(live).toEqual(cases);
  });

  it.each([
    ['geom', 'geomean_us', 2],
    ['mean', 'mean_us', 2],
    ['last', 'last_us', 1],
  ] as const)('ranks by %s', async (ranking, metric, count) => {
    const folder = changed({}, (text) => text.replace("ranking_by: 'geom'", `ranking_by: ${ranking}`));
    const { evaluate } = await prepared(folder, { evaluator: { mode: 'benchmark' } });
    const report = await evaluate(good);
    const { outcome } = report;
    if (outcome.kind === 'failed') throw new Error(outcome.message);
    expect(outcome.value).toBe(outcome.metrics[metric]);
    expect(namesAndVerdicts(report)).toEqual(['benchmark 0 passed', 'benchmark 1 passed'].slice(-count));
  });

  it('runs its tests alone in the mode test', async () => {
    const tests = { metric: { name: 'tests_passed', goal: 'maximize' } } as const;
    const { evaluate } = await inMode('test', { problem: tests });
    const report = await evaluate(good);
    expect(report.outcome).toMatchObject({ kind: 'valid', metrics: { tests_passed: 3 }, value: 3 });
    expect(report.cases).toHaveLength(3);
  });

  it('keeps what passed when a case fails, and says which and why', async () => {
    const { evaluate } = await prepared(prefixSum);
    const report = await evaluate(rightUpTo(16));
    expect(report.outcome).toMatchObject({
      kind: 'failed',
      reason: 'invalid',
      message: expect.stringMatching(
        /^test 2 \(size: 64; is_reversed: True; seed: 12\): mismatch found!\nexpected \[.*\], got \[-1\]$/,
      ) as string,
    });
    expect(namesAndVerdicts(report)).toEqual([
      'test 0 passed',
      'test 1 passed',
      'test 2 failed',
      'benchmark 0 skipped',
      'benchmark 1 skipped',
      'leaderboard 0 skipped',
      'leaderboard 1 skipped',
    ]);
  });

  it('fails a program that is wrong on a benchmark alone', async () => {
    const { evaluate } = await prepared(prefixSum);
    const report = await evaluate(rightUpTo(64));
    expect(report.outcome).toMatchObject({ kind: 'failed', reason: 'invalid' });
    expect(namesAndVerdicts(report).slice(3)).toEqual([
      'benchmark 0 passed',
      'benchmark 1 failed',
      'leaderboard 0 skipped',
      'leaderboard 1 skipped',
    ]);
  });

  it('fails a program that remembers outputs once each call has new inputs, although the run ends well', async () => {
    const remembers = lines(
      good,
      'rightly, known = custom_kernel, {}',
      'def custom_kernel(data):',
      '    return known.setdefault(len(data[0]), rightly(data))',
    );
    expect((await (await inMode('benchmark')).evaluate(remembers)).outcome.kind).toBe('valid');
    const { outcome, cases } = await (await inMode('leaderboard')).evaluate(remembers);
    expect(outcome).toMatchObject({ kind: 'failed', reason: 'invalid' });
    expect(cases?.find(({ verdict }) => verdict === 'failed')?.name).toBe('leaderboard 0');
  });

  it('draws secret seeds in leaderboard-equal, and where a new best is looked at more closely', async () => {
    // The evaluator answers with the seed that it was given, in nanoseconds.
    const tellsSeed = lines(
      'import os, sys',
      'out = os.fdopen(int(os.environ["POPCORN_FD"]), "w")',
      'kind = "test" if sys.argv[1] == "test" else "benchmark"',
      'cases = open(sys.argv[2]).read().splitlines()',
      'print(f"{kind}-count: {len(cases)}", file=out)',
      'for i in range(len(cases)):',
      '    print(f"{kind}.{i}.status: pass\\n{kind}.{i}.mean: {os.environ.get(\'POPCORN_SEED\', 1)}", file=out)',
      'print("check: pass", file=out)',
    );
    const folder = withOwnEval(tellsSeed);
    const equal = await prepared(folder, { evaluator: { mode: 'leaderboard-equal' } });
    const plain = await prepared(folder, { evaluator: { mode: 'benchmark' } });
    const valueOf = async (one: TaskEvaluator, strict = false): Promise<number> => {
      const { outcome } = await one.evaluate(good, { strict });
      return outcome.kind === 'valid' ? outcome.value : NaN;
    };
    const drawn = [await valueOf(equal), await valueOf(equal), await valueOf(plain, true)];
    expect(new Set(drawn).size).toBe(3);
    for (const seed of drawn) expect(seed).toBeGreaterThan(0.001);
    expect(await valueOf(plain)).toBeCloseTo(0.001, 9);
  });

  it('gives each stage its own time, and keeps what passed before', async () => {
    const slow = lines(
      good,
      'import time',
      'rightly = custom_kernel',
      'def custom_kernel(data):',
      '    if len(data[0]) > 16: time.sleep(60)',
      '    return rightly(data)',
    );
    const folder = changed({}, (text) => text.replace('test_timeout: 60', 'test_timeout: 10'));
    const { evaluate } = await prepared(folder);
    const report = await evaluate(slow);
    expect(report.outcome).toMatchObject({
      kind: 'failed',
      reason: 'timeout',
      message: 'In the test stage: Ran longer than 10 s and was stopped.',
    });
    expect(namesAndVerdicts(report).slice(0, 3)).toEqual([
      'test 0 passed',
      'test 1 passed',
      'test 2 skipped',
    ]);
  });

  it('ends within the time of the problem, whatever its stages may take', async () => {
    const { evaluate } = await prepared(prefixSum, { limits: { timeMs: 1000 } });
    const { outcome } = await evaluate(lines('import time', 'time.sleep(60)'));
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: 'timeout',
      message: expect.stringContaining('Ran longer than 1 s') as string,
    });
  });

  it('places files in folders, also from above its own', async () => {
    const files = {
      'parts/__init__.py': '',
      'parts/check.py': 'from reference import check',
      'submission.py': good,
    };
    const folder = changed(files, (text) =>
      text.replace(
        'files:\n',
        'files:\n  - {name: lib/parts/check.py, source: parts/check.py}\n  - {name: lib/above.py, source: ../eval.py}\n',
      ),
    );
    const { evaluate } = await prepared(folder, { evaluator: { mode: 'benchmark' } });
    const { outcome } = await evaluate(
      lines(
        'import os',
        'found = [sorted(os.listdir(path)) for path in (".", "lib", "lib/parts")]',
        'raise ValueError(found)',
      ),
    );
    expect(outcome).toMatchObject({
      kind: 'failed',
      outputTail: expect.stringContaining(
        "[['__pycache__', 'eval.py', 'lib', 'reference.py', 'submission.py'], ['above.py', 'parts'], ['check.py']]".replace(
          "'__pycache__', ",
          '',
        ),
      ) as string,
    });
  });

  it('leaves the folder as it was, and gives every stage fresh files', async () => {
    const { evaluate, folder } = await prepared(prefixSum);
    const vandal = lines(
      good,
      'import os, sys',
      'for name in ("eval.py", "reference.py"):',
      '    with open(name, "w") as file: file.write("raise SystemExit(0)")',
    );
    expect((await evaluate(vandal)).outcome.kind).toBe('valid');
    expect((await evaluate(good)).outcome.kind).toBe('valid');
    expect(readFileSync(join(folder, 'reference.py'), 'utf8')).toBe(
      readFileSync(join(prefixSum, 'reference.py'), 'utf8'),
    );
  });

  it('cannot be told a verdict by a program that looks for the place', async () => {
    const liar = lines(
      'import os',
      'opened = 0',
      'for mode in ("rb", "wb"):',
      '    try: opened += open(f"/proc/{os.getppid()}/fd/3", mode, buffering=0) is not None',
      '    except OSError: pass',
      'def custom_kernel(data): return f"opened {opened}, named {\'POPCORN_SEED\' in os.environ}"',
    );
    const { evaluate } = await prepared(prefixSum, { evaluator: { mode: 'leaderboard-equal' } });
    expect((await evaluate(liar)).outcome).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('got opened 0, named False') as string,
    });
  });

  it('says that a program has a mistake of Python, or wants a module that is not there', async () => {
    const { evaluate } = await prepared(prefixSum);
    expect((await evaluate('def custom_kernel(')).outcome).toMatchObject({ reason: 'crashed' });
    expect((await evaluate(lines('import cutlass'))).outcome).toMatchObject({
      reason: 'crashed',
      message: 'This host\'s Python has no module "cutlass" (NVIDIA\'s CUTLASS DSL). It is for H100.',
      outputTail: expect.not.stringContaining('/tmp/') as string,
    });
  });

  it('fills the cache of compiled extensions before the first stage', async () => {
    const compiles = lines(
      good,
      'import os, pathlib',
      '# torch.utils.cpp_extension.load_inline',
      'cache = pathlib.Path(os.environ["HOME"], "cache")',
      'if os.environ.get("POPCORN_SEED") == "1" and __name__ == "__main__": cache.write_text("made")',
      'else: assert cache.read_text() == "made"',
    );
    const { evaluate } = await inMode('benchmark');
    expect((await evaluate(compiles)).outcome.kind).toBe('valid');
  });

  it('hands one evaluation after the other the GPU', async () => {
    const { evaluate } = await inMode('benchmark');
    const alone = lines(
      good,
      'import fcntl',
      `turn = open(${JSON.stringify(join(open.at(-1)?.folder ?? '', '../../turn'))}, "w")`,
      'fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)',
    );
    const reports = await Promise.all([evaluate(alone), evaluate(alone), evaluate(alone)]);
    expect(reports.map(({ outcome }) => outcome.kind)).toEqual(['valid', 'valid', 'valid']);
  });

  it('is profiled by a driver of our own, case by case', async () => {
    const { evaluate } = await inMode('profile');
    const report = await evaluate(good);
    expect(namesAndVerdicts(report)).toEqual(['profile 0 passed', 'profile 1 passed']);
    const { outcome } = report;
    expect(outcome).toMatchObject({ kind: 'valid' });
    expect(outcome.kind === 'valid' && outcome.feedback).toMatch(
      /Profile of size: 64; [\s\S]*custom_kernel[\s\S]*Profile of size: 4096; /,
    );
  });
});
