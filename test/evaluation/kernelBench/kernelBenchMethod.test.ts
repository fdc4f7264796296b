import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EnvironmentError } from '../../../src/evaluation/evaluator';
import type { FolderEvaluation, FolderReport } from '../pythonDriver/evaluateFolder';
import { evaluateFolder, failure, fixtureFiles, valid } from '../pythonDriver/evaluateFolder';

// These tests run the driver with a small stand-in named torch (fixtures/fakeTorch), not with PyTorch: they are about the protocol.
const fixtures = join(import.meta.dirname, 'fixtures');
const torch = fixtureFiles(join(fixtures, 'fakeTorch'));
const level = fixtureFiles(join(fixtures, 'level1'));
const scale = '1_Scale_and_shift.py';

const fast = `import torch, torch.nn as nn
class ModelNew(nn.Module):
    def __init__(self, shift):
        super().__init__()
        self.weight, self.shift = float(torch.rand(1)), shift
    def forward(self, x):
        return torch.Tensor(value * self.weight + self.shift for value in x)
`;

function bench(program: string, changes: Partial<FolderEvaluation> = {}): Promise<FolderReport> {
  return evaluateFolder({
    format: 'kernelbench',
    files: { ...torch, ...level, '../1_Scale_and_shift_new.py': program },
    candidate: '../1_Scale_and_shift_new.py',
    metric: { name: 'speedup', goal: 'maximize', unit: '×' },
    ...changes,
  });
}

const changed = (from: string, to: string): string => fast.replace(from, to);

describe('a program', () => {
  it('that is right for every seed has a speed-up over the reference', async () => {
    const report = await bench(fast);
    const { metrics, feedback, value } = valid(report);
    expect(value).toBeGreaterThan(2);
    expect(metrics['speedup']).toBeCloseTo(metrics['reference_microseconds']! / metrics['microseconds']!, 9);
    expect(feedback).toMatch(
      /^ModelNew: .* µs \(median of 100 calls, half of them from .* to .*\)\.\nModel: .* µs \(median of 100 .* On CPU\./,
    );
    expect(report.cases?.map(({ name, verdict, unit }) => [name, verdict, unit])).toEqual(
      [1, 2, 3, 4, 5].map((seed) => [`seed ${seed}`, 'passed', 'µs']),
    );
    expect(report.live).toEqual(report.cases);
  });

  it('is tried with twice as many seeds where one looks more closely', async () => {
    expect((await bench(fast, { strict: true })).cases).toHaveLength(10);
  });

  it.each([
    [
      'another value',
      changed('value * self.weight', 'value * self.weight * 1.01'),
      /seed 1: the output differs by up to 0\.0/,
    ],
    [
      'zeros',
      changed('return torch.Tensor(value * self.weight + self.shift', 'return torch.Tensor(0'),
      /5 of 5 seeds/,
    ],
    ['NaN', changed('+ self.shift', '+ float("nan")'), /the output differs/],
    [
      'another shape',
      changed('for value in x)', 'for value in x[:-1])'),
      /the shape of the output is \[63\] in place of \[64\]/,
    ],
    ['no tensor', changed('return torch', 'return 3; torch'), /the output is int, not a tensor/],
    [
      'a lazy tensor',
      changed('return torch.Tensor', 'return type("Lazy", (torch.Tensor,), {})'),
      /the output is Lazy, not a tensor/,
    ],
    ['no class ModelNew', 'x = 1', /the program has no class ModelNew/],
  ])('with %s is no solution', async (_, program, words) => {
    const report = failure(await bench(program));
    expect(report.reason).toBe('invalid');
    expect(report.message).toMatch(words);
  });

  it.each([
    ['address', 'x.data_ptr()', 'invalid'],
    ['content', 'tuple(x)', 'valid'],
  ])('that remembers what it gave by %s is wrong, or gains nothing', async (_, key, verdict) => {
    const remembering = (inner: string): string => `import torch, torch.nn as nn
class ModelNew(nn.Module):
    hits = 0
    def __init__(self, *shift):
        self.weight, self.shift, self.known = float(torch.rand(1)), (*shift, 0)[0], {}
    def forward(self, x):
        if ${key} not in self.known:
            self.known[${key}] = ${inner}
        else:
            ModelNew.hits += 1
            # The three calls to warm up are alike.
            assert ModelNew.hits <= 10 or '${verdict}' == 'invalid'
        return self.known[${key}]
`;
    const scaled = remembering('torch.Tensor(value * self.weight + self.shift for value in x)');
    expect((await bench(scaled)).outcome).toMatchObject(
      verdict === 'valid' ? { kind: 'valid' } : { reason: verdict },
    );
    const divided = { '../3_Divide_by_largest_new.py': remembering('x * (1 / x.max())') };
    const candidate = '../3_Divide_by_largest_new.py';
    const report = await bench('', { files: { ...torch, ...level, ...divided }, candidate });
    expect(report.outcome).toMatchObject(verdict === 'valid' ? { kind: 'valid' } : { reason: verdict });
    if (verdict === 'invalid') expect(failure(report).message).toMatch(/^Wrong for 5 of 5 seeds/);
  });

  it('may not change its inputs, which the reference leaves alone', async () => {
    expect(failure(await bench(changed('return torch', 'x.mul_(0.5)\n        return torch'))).reason).toBe(
      'invalid',
    );
  });

  it('cannot slow the reference down, or change what it gives: that runs in a later process and a fresh folder', async () => {
    const spoiling = `${fast}
import glob, os, sys, time
for path in glob.glob('*.py'):
    open(path, 'w').write('broken = True')
torch.Tensor.__iter__ = lambda self, earlier=torch.Tensor.__iter__: earlier(self)
sys.modules['kernelbench_reference'].Model = None
for name in ('sitecustomize', 'usercustomize'):
    open(os.path.join(os.environ['HOME'], name + '.py'), 'w').write('import time; time.sleep(1000)')
`;
    expect(valid(await bench(spoiling)).value).toBeGreaterThan(1);
  });

  it('that ends the process, raises or runs too long is a failure', async () => {
    expect(failure(await bench(`${fast}\nimport os\nos._exit(0)`)).reason).toBe('no-result');
    const raising = failure(
      await bench(
        changed('return torch.Tensor(', 'raise ValueError("too small")\n        return torch.Tensor('),
      ),
    );
    expect(raising).toMatchObject({
      reason: 'crashed',
      message: 'The program raised ValueError: too small.',
    });
    const slow = await bench(`${fast}\nwhile True: pass`, { limits: { timeMs: 2500 } });
    expect(failure(slow).reason).toBe('timeout');
  });

  it('that needs a package says which', async () => {
    expect(failure(await bench(`import no_such_package_here\n${fast}`)).message).toContain(
      'If the problem needs no_such_package_here',
    );
  });

  it('may be the reference itself, at the start', async () => {
    const report = await bench('', {
      candidate: scale,
      candidateText: level[scale]!,
      files: { ...torch, ...level },
    });
    expect(valid(report).value).toBeGreaterThan(0.2);
    const otherwise = await bench('', {
      candidate: scale,
      candidateText: `${level[scale]!}\n`,
      files: { ...torch, ...level },
    });
    expect(failure(otherwise).message).toContain('no class ModelNew');
  });

  it('may have several outputs, and masks stay as they are', async () => {
    const two = (factor: number): string => `import torch, torch.nn as nn
class ModelNew(nn.Module):
    def forward(self, x, mask):
        return x * 2, torch.Tensor(a * b * ${factor} for a, b in zip(x, mask))
`;
    const files = { ...torch, ...level };
    const named = 'level_1_problem_2_sample_0_kernel.py';
    const right = await bench('', { files: { ...files, [`../${named}`]: two(1) }, candidate: `../${named}` });
    expect(valid(right).metrics).toHaveProperty('speedup');
    const wrong = await bench('', {
      files: { ...files, [`../${named}`]: two(0.9) },
      candidate: `../${named}`,
    });
    expect(failure(wrong).message).toContain('seed 1: output 1 differs');
  });
});

describe('a host', () => {
  it('without PyTorch is told so by name', async () => {
    // A module that cannot be imported, so that this holds on hosts that have PyTorch.
    const files = {
      ...level,
      'torch/__init__.py': 'raise ModuleNotFoundError("No module named \'torch\'", name="torch")',
    };
    const report = failure(await bench('', { files, candidate: scale, candidateText: fast }));
    expect(report).toMatchObject({ reason: 'could-not-start' });
    expect(report.message).toContain(
      'KernelBench needs PyTorch, and torch cannot be imported here: add torch',
    );
  });

  it('without a GPU is told so where the problem wants one', async () => {
    const report = failure(await bench(fast, { limits: { gpus: 1 } }));
    expect(report).toMatchObject({ reason: 'could-not-start' });
    expect(report.message).toContain('PyTorch finds none here');
  });
});

describe('a folder', () => {
  it('must have problems, and one that the candidate is named after', async () => {
    await expect(
      bench(fast, { files: { 'x.py': 'x = 1', '../1_Scale_and_shift_new.py': fast } }),
    ).rejects.toThrow(EnvironmentError);
    await expect(
      bench(fast, { files: { ...torch, ...level, '../mine.py': fast }, candidate: '../mine.py' }),
    ).rejects.toThrow('The folder has 3 problems, and mine.py is named after none of them');
  });

  it('whose reference is broken is told so', async () => {
    const files = { ...torch, [scale]: `import no_such_package_here\n${level[scale]!}`, '../new.py': fast };
    const report = failure(await bench(fast, { files, candidate: '../new.py' }));
    expect(report).toMatchObject({ reason: 'could-not-start' });
    expect(report.message).toContain('The reference cannot be loaded');
  });
});
