import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { never, prefixSum, taskEvaluator, taskFolder } from './support/taskEvaluator';

describe('a host that lacks what a folder wants', () => {
  const folders: string[] = [];
  afterAll(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  async function refusal(
    files: Record<string, string>,
    options: Parameters<typeof taskEvaluator>[1] = {},
  ): Promise<string> {
    const folder = taskFolder(files, 'prefix-sum');
    folders.push(dirname(folder));
    const made = taskEvaluator(folder, options);
    try {
      return await made.evaluator
        .prepare(() => undefined, never)
        .then(
          () => 'prepared',
          (error: unknown) =>
            error instanceof Error && 'advice' in error
              ? `${error.message} | ${String(error.advice)}`
              : String(error),
        );
    } finally {
      await made.remove();
    }
  }
  const yaml = readFileSync(join(prefixSum, 'task.yml'), 'utf8');
  const reference = readFileSync(join(prefixSum, 'reference.py'), 'utf8');

  it('is told which module, who imports it, for which hardware, and how to get it', async () => {
    const words = await refusal({ 'reference.py': `import cutlass.cute as cute\n${reference}` });
    expect(words).toBe(
      'This host\'s Python has no module "cutlass" (NVIDIA\'s CUTLASS DSL), which reference.py imports. It is for H100. | ' +
        'Install it for the python3 of the host (python3 -m pip install nvidia-cutlass-dsl), or name it under environment: packages in the problem file.',
    );
    const elsewhere = {
      'task.yml': yaml.replace(/^gpus:.*/m, ''),
      'reference.py': `import aiter\n${reference}`,
    };
    expect(await refusal(elsewhere)).toContain('It is for AMD MI300 or MI355X.');
  });

  it('is not asked for what a folder can do without', async () => {
    const optional = `try:\n    import nowhere\nexcept ImportError:\n    nowhere = None\ndef f():\n    import nothing\n${reference}`;
    expect(await refusal({ 'reference.py': optional })).toBe('prepared');
  });

  it.each([
    [
      'no tests',
      { 'task.yml': yaml.replace(/^tests:\n( {2}- .*\n)+/m, 'tests: []\n') },
      'has no cases under tests',
    ],
    [
      'no benchmarks',
      { 'task.yml': yaml.replace(/^benchmarks:\n( {2}- .*\n)+/m, '') },
      'has no cases under benchmarks',
    ],
    [
      'a mistake in task.yml',
      { 'task.yml': yaml.replace('@SUBMISSION@', 'x.py') },
      'has no place for the program',
    ],
    [
      'a file too few',
      { 'task.yml': yaml.replace(/('source': )'reference.py'/, "$1'other.py'") },
      'names "other.py"',
    ],
    [
      'a file from too far above',
      { 'task.yml': yaml.replace('../eval.py', '../../../../../eval.py') },
      'which is not among the files',
    ],
  ])('or a folder with %s', async (_, files, words) => {
    expect(await refusal(files)).toContain(words);
  });
});
