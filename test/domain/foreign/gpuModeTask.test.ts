import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readGpuModeTask, submissionName, type GpuModeTask } from '../../../src/domain/foreign/gpuModeTask';
import { pythonText, type YamlValue } from '../../../src/domain/foreign/pythonText';

const least = `
files:
  - {"name": "submission.py", "source": "@SUBMISSION@"}
  - {"name": "eval.py", "source": "../eval.py"}
lang: "py"
config: {"main": "eval.py"}
description: Add.
`;

function read(yaml: string): GpuModeTask {
  const found = readGpuModeTask(yaml);
  if ('problems' in found) throw new Error(found.problems.join('\n'));
  return found.task;
}

function problems(yaml: string): readonly string[] {
  const found = readGpuModeTask(yaml);
  return 'problems' in found ? found.problems : [];
}

function lines(list: string): string[] {
  return read(`${least}tests:\n${list}`).tests.map(({ line }) => line);
}

describe('task.yml', () => {
  it('has a default for everything that may be left out', () => {
    expect(read(least)).toMatchObject({
      program: { kind: 'py', main: 'eval.py' },
      tests: [],
      benchmarks: [],
      timeoutMs: { test: 180_000, benchmark: 180_000, ranked: 180_000 },
      rankingBy: 'last',
      gpus: [],
      multiGpu: false,
      templates: {},
      unknownKeys: [],
    });
  });

  it('says in all its keys what runs, how long, and what counts', () => {
    const yaml = `${least}
templates: {Python: template.py}
tests: [{size: 1}]
benchmarks: [{size: 2, world_size: 8}]
test_timeout: 60
benchmark_timeout: 90.5
ranked_timeout: 1_200
ranking_by: geom
gpus: [H100, B200]
seed: 42
libraries: []
colour: red`;
    expect(read(yaml)).toMatchObject({
      templates: { Python: 'template.py' },
      benchmarks: [{ line: 'size: 2; world_size: 8', worldSize: 8 }],
      timeoutMs: { test: 60_000, benchmark: 90_500, ranked: 1_200_000 },
      rankingBy: 'geom',
      gpus: ['H100', 'B200'],
      unknownKeys: ['colour'],
    });
  });

  it('writes cases in order as Python does', () => {
    const list = `
  - {"seqlen": 32, "bs": 1, "hidden_dim": 128, "seed": 9371, "nomask": True, "distribution": "normal"}
  - {m: [1, 2, 3], k: [], eps: 1e-5, big: 18446744073709551616, half: 0.5, whole: 2.0, none: null, word: ["a", "it's"]}
  - {flag: yes, other: off, minus: -3, text: "7"}`;
    expect(lines(list)).toEqual([
      'seqlen: 32; bs: 1; hidden_dim: 128; seed: 9371; nomask: True; distribution: normal',
      "m: [1, 2, 3]; k: []; eps: 1e-05; big: 18446744073709551616; half: 0.5; whole: 2.0; none: None; word: ['a', \"it's\"]",
      'flag: True; other: False; minus: -3; text: 7',
    ]);
  });

  it('takes the last of two equal keys, as Python does', () => {
    expect(lines('  - {size: 1, size: 2}')).toEqual(['size: 2']);
  });

  it('knows how large a case is beside others, whatever its seed', () => {
    const { tests } = read(
      `${least}tests: [{n: 4, k: 8, seed: 1}, {n: 0, k: -2, seed: 999}, {name: normal}]`,
    );
    expect(tests.map(({ size }) => size)).toEqual([32, 2, 1]);
  });

  it('compiles CUDA C++ from the sources that it names', () => {
    const yaml = `
files:
  - {name: eval.cu, source: eval.cu}
  - {name: submission.cu, source: "@SUBMISSION@"}
lang: cu
config: {sources: [eval.cu, submission.cu], include_dirs: [include], defines: {A: 1, B: x}, compile_flags: [-g]}
libraries: [cublas]
description: x`;
    const task = read(yaml);
    expect(submissionName(task)).toBe('submission.cu');
    expect(task.program).toEqual({
      kind: 'cu',
      sources: ['eval.cu', 'submission.cu'],
      includeDirs: ['include'],
      libraries: ['cublas'],
      defines: [
        ['A', '1'],
        ['B', 'x'],
      ],
    });
  });

  it.each([
    ['files: [', 'task.yml cannot be read'],
    ['[]', 'task.yml: '],
    [least.replace('description: Add.', ''), 'task.yml, description: '],
    [least.replace('"@SUBMISSION@"', 'submission.py'), 'has no place for the program'],
    [least.replace('config: {"main": "eval.py"}', 'config: {main: run.py}'), 'task.yml runs "run.py"'],
    [
      least.replace('"name": "submission.py"', '"name": "../submission.py"'),
      'names must lie within the work folder',
    ],
    [
      least.replace('"source": "../eval.py"', '"source": "/etc/passwd"'),
      'sources are relative to its folder',
    ],
    [`${least}ranking_by: median`, 'task.yml, ranking_by: '],
    [`${least}test_timeout: 0`, 'task.yml, test_timeout: '],
    [`${least}tests: [{}]`, 'task.yml, tests[0]: a case needs arguments'],
    [`${least}tests: [{text: "a\\nb"}]`, 'task.yml, tests[0]: a case needs arguments, each on one line'],
    [`${least}tests: [3]`, 'task.yml, tests[0]: '],
    [`${least}multi_gpu: True\ntests: [{size: 1}]`, 'with multi_gpu each case needs world_size'],
    [least.replace('lang: "py"', 'lang: cu'), 'does not say what to compile'],
  ])('with a mistake says what it is: %j', (yaml, words) => {
    expect(problems(yaml).join('\n')).toContain(words);
  });
});

describe('the text of a value', () => {
  it("is Python's own", () => {
    const value: fc.Arbitrary<YamlValue> = fc.letrec<{ value: YamlValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 2 },
        fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
        fc.double({ noNaN: true }),
        fc.double({ min: 1e-6, max: 1e-3, noNaN: true }),
        fc.boolean(),
        fc.constant(null),
        fc.stringMatching(/^[ -~]*$/),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
    })).value;
    const values = fc.sample(value, { numRuns: 400, seed: 7 });
    const script =
      'import json,sys\nfor text in json.load(sys.stdin): print(json.dumps(str(eval(text, {"true": True, "false": False, "null": None, "inf": float("inf")}))))';
    const literals = values.map(literal);
    const answer = execFileSync('python3', ['-c', script], {
      input: JSON.stringify(literals),
      encoding: 'utf8',
    });
    const expected = answer
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(values.map(pythonText)).toEqual(expected);
  });
});

/** An expression that Python reads as the value. */
function literal(value: YamlValue): string {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') {
    if (Math.abs(value) === Infinity) return value > 0 ? 'inf' : '-inf';
    return Object.is(value, -0) ? '-0.0' : `float(${value})`;
  }
  if (typeof value === 'object' && value !== null) return `[${value.map(literal).join(', ')}]`;
  return JSON.stringify(value);
}
