import { describe, expect, it } from 'vitest';
import { scriptsIn } from '../../../src/domain/problem/commandScripts';
import { languageOf } from '../../../src/domain/problem/language';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { checkProblemFiles } from '../../../src/domain/problem/problemFiles';
import { parseBytes, parseTimeMs } from '../../../src/domain/problem/quantities';
import { smallProblem } from './sampleProblem';

describe('the scripts of an evaluator command', () => {
  it.each([
    ['python3 evaluate.py', ['evaluate.py']],
    ['python3.11 -u ./tools/evaluate.py --out result.json', ['./tools/evaluate.py']],
    ['./evaluate.sh', ['./evaluate.sh']],
    ['SEED=1 tools/run --fast', ['tools/run']],
    ['uv run evaluate.py', ['evaluate.py']],
    ['uv run python evaluate.py', ['evaluate.py']],
    ['timeout 60 python3 evaluate.py', ['evaluate.py']],
    ['python3 "my evaluator.py"', ['my evaluator.py']],
    ['python3 prepare.py && bash score.sh; node last.mjs', ['prepare.py', 'score.sh', 'last.mjs']],
    ['python3 -m evaluator', []],
    ["python3 -c 'print(1)' evaluate.py", []],
    ['cd tools && python3 evaluate.py', []],
    ['python3 $HOME/evaluate.py', []],
    ['python3 /opt/evaluate.py', []],
    ['make score', []],
    ['python3 ../shared/evaluate.py', ['../shared/evaluate.py']],
    ['', []],
  ])('%j: %j', (command, scripts) => {
    expect(scriptsIn(command).map((script) => script.path)).toEqual(scripts);
    for (const { path, from } of scriptsIn(command)) expect(command.slice(from).startsWith(path)).toBe(true);
  });
});

describe('missing files', () => {
  const parsed = parseProblem(smallProblem);

  it('are not reported where all are there', () => {
    const asked: string[] = [];
    expect(checkProblemFiles(parsed, (path) => asked.push(path) > 0)).toEqual([]);
    expect(asked).toEqual(['initial.cpp', 'evaluate.sh']);
  });

  it('are reported where they are named', () => {
    expect(checkProblemFiles(parsed, () => false)).toEqual([
      {
        range: { start: { line: 1, character: 11 }, end: { line: 1, character: 22 } },
        severity: 'error',
        code: 'missing-file',
        message:
          'There is no file "initial.cpp" beside this one: create it with the initial program, or correct the path.',
      },
      {
        range: { start: { line: 2, character: 10 }, end: { line: 2, character: 23 } },
        severity: 'error',
        code: 'missing-file',
        message:
          'There is no file "evaluate.sh" beside this one: create the evaluator, or correct the command.',
      },
    ]);
  });

  it('are found in quoted commands, and looked for in files with other mistakes too', () => {
    const text = smallProblem.replace('./evaluate.sh', '"python3 score.py" # run').replace('maximize', 'up');
    const [missing] = checkProblemFiles(parseProblem(text), (path) => path !== 'score.py');
    expect(missing?.range).toEqual({ start: { line: 2, character: 19 }, end: { line: 2, character: 27 } });
  });

  it('may not be outside the folder', () => {
    const outside = parseProblem(smallProblem.replace('./evaluate.sh', 'python3 ../evaluate.py'));
    expect(checkProblemFiles(outside, () => true)).toMatchObject([
      { code: 'bad-path', message: expect.stringContaining('move the script in here') as string },
    ]);
  });
});

describe('the language of a candidate', () => {
  it.each([
    ['initial.py', 'python', '#'],
    ['src/main.CPP', 'cpp', '//'],
    ['kernel.cu', 'cuda-cpp', '//'],
    ['solve.rs', 'rust', '//'],
    ['solve.lua', 'lua', '--'],
    ['a.py/solve', 'plaintext', '#'],
    ['Makefile', 'plaintext', '#'],
    ['bound.ml', 'ocaml', undefined],
  ])('%s is %s', (path, id, lineComment) => {
    expect(languageOf(path).id).toBe(id);
    expect(languageOf(path).lineComment).toBe(lineComment);
  });
});

describe('amounts', () => {
  it.each([
    ['60s', 60_000],
    ['1.5 h', 5_400_000],
    ['250ms', 250],
    ['2min', 120_000],
    ['1e3ms', 1000],
  ])('%s is %d ms', (text, amount) => expect(parseTimeMs(text)).toEqual({ ok: true, amount }));

  it.each([
    ['1B', 1],
    ['1KB', 1000],
    ['1KiB', 1024],
    ['1.5MiB', 1_572_864],
    ['3MB', 3_000_000],
    ['2GB', 2_000_000_000],
    ['2GiB', 2_147_483_648],
  ])('%s is %d bytes', (text, amount) => expect(parseBytes(text)).toEqual({ ok: true, amount }));
});
