import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesAbove, placeAbove } from '../../../src/domain/foreign/filesAbove';
import type { FolderDescription, FolderFiles } from '../../../src/domain/foreign/foreignFolder';
import { describeGpuMode } from '../../../src/domain/foreign/gpuMode';
import { proposeProblem } from '../../../src/domain/foreign/proposeProblem';
import { recogniseFolder } from '../../../src/domain/foreign/recogniseFolder';
import { parseProblem } from '../../../src/domain/problem/parseProblem';

const fixtures = join(import.meta.dirname, '../../evaluation/gpuMode/fixtures');

function fixture(name: string): FolderFiles {
  const folder = join(fixtures, name);
  return {
    paths: readdirSync(folder),
    read: (path) => {
      try {
        return readFileSync(join(folder, path), 'utf8');
      } catch {
        return undefined;
      }
    },
  };
}

function folder(files: Readonly<Record<string, string>>): FolderFiles {
  return { paths: Object.keys(files).filter((path) => !path.startsWith('..')), read: (path) => files[path] };
}

function description(files: FolderFiles): FolderDescription {
  const found = describeGpuMode(files);
  if (found === undefined || 'problems' in found) throw new Error(JSON.stringify(found));
  return found.description;
}

function problemsOf(files: Readonly<Record<string, string>>): string {
  const found = describeGpuMode(folder(files));
  return found !== undefined && 'problems' in found ? found.problems.join('\n') : '';
}

const yaml = `
files:
  - {name: submission.py, source: "@SUBMISSION@"}
  - {name: eval.py, source: eval.py}
lang: py
config: {main: eval.py}
description: "Multiply two matrices. As fast as you can."
templates: {Triton: template_triton.py}
tests: [{n: 1, world_size: 2}]
benchmarks: [{n: 2, world_size: 8}]
multi_gpu: true
`;
const task = { 'task.yml': yaml, 'eval.py': 'import torch\n' };

describe('a folder with a task.yml', () => {
  it('becomes a problem without mistakes', () => {
    const found = recogniseFolder(fixture('prefix-sum'));
    if (found.kind !== 'folder') throw new Error(found.kind);
    const { problem, diagnostics } = parseProblem(proposeProblem(found.description, '../set/prefix-sum'));
    expect(diagnostics).toEqual([]);
    expect(problem).toMatchObject({
      title: 'prefix-sum',
      candidate: '../set/prefix-sum/submission.py',
      evaluator: { kind: 'foreign', format: 'gpu-mode', folder: '../set/prefix-sum', mode: 'leaderboard' },
      metric: { name: 'time_us', goal: 'minimize', unit: 'µs' },
      limits: { timeMs: (120 + 60 + 60 + 90) * 1000, gpus: 1 },
    });
  });

  it('tells people and models what is asked, on which cases, and against which reference', () => {
    const { statement } = description(fixture('prefix-sum'));
    expect(statement).toContain('Return the running sums');
    expect(statement).toContain('- `size: 16; is_reversed: True; seed: 1092`');
    expect(statement).toContain('the geometric mean of the times of all benchmarks');
    expect(statement).toContain('It was made for H100.');
    expect(statement).toContain('def generate_input(size, is_reversed, seed):');
  });

  it('says what had to be guessed', () => {
    const { notes } = description(fixture('prefix-sum'));
    expect(notes).toContainEqual(expect.stringContaining('../eval.py'));
    expect(notes).toContainEqual(expect.stringContaining('"False" counts as true'));
    expect(description(fixture('trimul')).notes).toContainEqual(expect.stringContaining('PyTorch'));
    const odd = description(folder({ ...task, 'task.yml': `${yaml}colour: red\n`, 'submission.py': '' }));
    expect(odd.notes).toContainEqual(expect.stringContaining('refuse the keys colour'));
  });

  it.each([
    [{ 'submission.py': '', 'template_triton.py': '' }, 'submission.py'],
    [{ 'template_triton.py': '', 'template.py': '' }, 'template_triton.py'],
    [{ 'template.py': '', 'solutions/correct/a.py': '' }, 'template.py'],
    [{ 'submission_v2.py': '', 'template.py': '' }, 'submission_v2.py'],
    [{ 'solutions/wrong/a.py': '', 'solutions/correct/b.py': '' }, 'solutions/correct/b.py'],
    [{ 'submissions/c.py': '' }, 'submissions/c.py'],
  ])('begins with the program that is there: %j', (files, candidate) => {
    expect(description(folder({ ...task, ...files })).candidate).toBe(candidate);
  });

  it('begins with CUDA C++ where the task is in it', () => {
    expect(description(fixture('identity'))).toMatchObject({ title: 'identity', candidate: 'submission.cu' });
  });

  it('wants as many GPUs as its largest world has', () => {
    expect(description(folder({ ...task, 'submission.py': '' })).limits).toMatchObject({ gpus: 8 });
  });

  it.each([
    ['#!POPCORN leaderboard matmul\n', '# Heading\n', 'matmul'],
    ['# a comment\n\n//!POPCORN leaderboard matmul\n', '', 'matmul'],
    ['import torch\n#!POPCORN leaderboard matmul\n', '', 'Multiply two matrices'],
    ['', '# Faster matmul\n', 'Faster matmul'],
  ])('is called as its program %j, its read-me %j or its description say', (program, readMe, title) => {
    expect(description(folder({ ...task, 'submission.py': program, 'README.md': readMe })).title).toBe(title);
  });

  it.each([
    ['You will implement a custom fp8 matmul kernel. It is hard.', 'Fp8 matmul kernel'],
    [
      'For more, see: [here](https://example.org)\n\nYou will be implementing a TriMul module.',
      'TriMul module',
    ],
    ['## Description\n\nImplement the RGB to grayscale conversion.', 'RGB to grayscale conversion'],
    [`Implement ${'very '.repeat(20)}long.`, `Very${' very'.repeat(13)}`],
    ['...', undefined],
  ])('is called by what is asked: %j', (text, title) => {
    const changed = yaml.replace(/description: .*/, `description: ${JSON.stringify(text)}`);
    expect(description(folder({ ...task, 'task.yml': changed, 'submission.py': '' })).title).toBe(title);
  });

  it('quotes a reference that has fences of its own', () => {
    const withReference = {
      ...task,
      'submission.py': '',
      'task.yml': yaml.replace('lang: py', '  - {name: reference.py, source: reference.py}\nlang: py'),
      'reference.py': '"""\n```\nx\n```\n"""',
    };
    expect(description(folder(withReference)).statement).toContain('````python\n"""\n```');
  });

  it('is no folder of this format without one, or where it is of another tool', () => {
    expect(describeGpuMode(folder({ 'eval.py': '' }))).toBeUndefined();
    expect(describeGpuMode(folder({ 'task.yml': 'version: 3\njobs: []\n' }))).toBeUndefined();
  });

  it.each([
    ['no program to begin with', {}],
    ['names "eval.py", and there is no such file', { 'eval.py': undefined, 'submission.py': '' }],
    ['cannot be read', { 'task.yml': 'tests: [', 'submission.py': '' }],
    ['has no tests', { 'task.yml': yaml.replace(/tests: .*/, ''), 'submission.py': '' }],
    ['has no benchmarks', { 'task.yml': yaml.replace(/benchmarks: .*/, ''), 'submission.py': '' }],
    [
      'copy it into the folder',
      { 'task.yml': yaml.replace('source: eval.py', 'source: ../../../../eval.py'), 'submission.py': '' },
    ],
  ])('with a mistake says: %s', (words, changes) => {
    const files = Object.entries({ ...task, ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    expect(problemsOf(Object.fromEntries(files))).toContain(words);
  });
});

describe('files above the folder', () => {
  it('are those that task.yml names', () => {
    expect(filesAbove('gpu-mode', (path) => fixture('prefix-sum').read(path))).toEqual([
      { source: '../eval.py', place: 'above/1/eval.py' },
    ]);
    expect(filesAbove('openevolve', () => yaml)).toEqual([]);
    expect(filesAbove('gpu-mode', () => undefined)).toEqual([]);
  });

  it.each([
    ['../../pmpp_v2/utils.py', 'above/2/pmpp_v2/utils.py'],
    ['./../eval.py', 'above/1/eval.py'],
    ['eval.py', undefined],
    ['../../../../eval.py', undefined],
    ['../.ssh/config.txt', undefined],
    ['../.env.py', undefined],
    ['../id_rsa', undefined],
    ['..', undefined],
    ['/etc/x.py', undefined],
  ])('have a place of their own if they may travel: %s', (source, place) => {
    expect(placeAbove(source)).toBe(place);
  });
});
