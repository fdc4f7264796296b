import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  describeKernelBench,
  kernelBenchReferences,
  referenceOf,
} from '../../../src/domain/foreign/kernelBench';
import { proposeProblem } from '../../../src/domain/foreign/proposeProblem';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { folderFiles } from './folderFiles';

const fixture = join(import.meta.dirname, '../../evaluation/kernelBench/fixtures/level1');
const level = Object.fromEntries(
  readdirSync(fixture).map((name) => [name, readFileSync(join(fixture, name), 'utf8')]),
);
const reference = 'class Model(nn.Module):\n    pass\ndef get_inputs():\n    return []\n';
const program = 'import triton\nclass ModelNew(nn.Module):\n    pass\n';

function described(texts: Readonly<Record<string, string>>) {
  const found = describeKernelBench(folderFiles(texts));
  if (found === undefined || !('description' in found)) throw new Error('Not described.');
  return found.description;
}

describe('a folder of KernelBench', () => {
  it('begins with its first problem, in the order of the numbers', () => {
    const description = described({ '10_Ten.py': reference, '9_Nine.py': reference, 'README.md': '' });
    expect(description).toMatchObject({
      format: 'kernelbench',
      title: '9 Nine',
      candidate: '9_Nine.py',
      metric: { name: 'speedup', goal: 'maximize', unit: '×' },
      environment: { packages: ['torch'] },
      limits: { gpus: 1 },
      references: [{ label: 'PyTorch (eager)', value: 1 }],
    });
    expect(description.statement).toContain('class Model(nn.Module)');
    expect(description.notes.join(' ')).toContain('begins with 9_Nine.py itself');
    expect(description.notes.join(' ')).toContain(
      'The folder has 2 problems, and this file is for 9_Nine.py',
    );
  });

  it('takes a program with ModelNew where there is one, and the packages that it imports', () => {
    const description = described({ '19_ReLU.py': reference, 'fast/mine.py': program });
    expect(description).toMatchObject({
      candidate: 'fast/mine.py',
      environment: { packages: ['torch', 'triton'] },
    });
    expect(description.notes.join(' ')).not.toContain('itself');
  });

  it('becomes a problem file without mistakes', () => {
    const { problem, diagnostics } = parseProblem(proposeProblem(described(level), '../KernelBench/level1'));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(problem).toMatchObject({ title: '1 Scale and shift', limits: { gpus: 1, processes: 1024 } });
  });

  it.each([
    ['nothing', {}],
    ['a Model without inputs', { 'a.py': 'class Model(nn.Module):\n    pass\n' }],
    ['a program alone', { 'a.py': program }],
    ['a problem too deep', { 'a/b/c/d.py': reference }],
  ])('is none with %s', (_, texts) => {
    expect(describeKernelBench(folderFiles(texts))).toBeUndefined();
  });
});

describe('the problem that a candidate solves', () => {
  const names = [
    'level1/1_Square.py',
    'level1/19_ReLU.py',
    'level1/19_ReLU_twice.py',
    'level2/19_Conv.py',
    'level2/1_Conv.py',
  ];
  const references = kernelBenchReferences(
    folderFiles(Object.fromEntries(names.map((name) => [name, reference]))),
  );

  it.each([
    ['level1/1_Square.py', 'level1/1_Square.py'],
    ['level_2_problem_19_sample_0_kernel.py', 'level2/19_Conv.py'],
    ['/home/me/runs/level_1_problem_1_sample_3_kernel.py', 'level1/1_Square.py'],
    ['../19_Conv_new.py', 'level2/19_Conv.py'],
    ['19_Conv.new.py', 'level2/19_Conv.py'],
    ['19_ReLU.py', 'level1/19_ReLU.py'],
    ['19_ReLU_new.py', 'level1/19_ReLU.py'],
    ['19_ReLU_twice_new.py', 'level1/19_ReLU_twice.py'],
    ['mine.py', undefined],
    ['19_Convolution.py', undefined],
    ['level_1_problem_19_sample_0_kernel.py', undefined],
    ['level_3_problem_1_sample_0_kernel.py', undefined],
  ])('%s is for %s', (candidate, wanted) => {
    expect(referenceOf(references, candidate)).toBe(wanted);
  });

  it('is the only one whatever the candidate is called', () => {
    expect(referenceOf(['1_Square.py'], '../mine.py')).toBe('1_Square.py');
  });
});
