import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';

const problems = join(import.meta.dirname, '../../problems');

async function python(script: string, name: string, path = ''): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'python3',
    [join(import.meta.dirname, 'support', script), join(problems, name)],
    { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: path } },
  );
  return stdout;
}

describe.each(['trimul', 'mla-decode'])('what %s says of a program from its text alone', (name) => {
  let rejections: Readonly<Record<string, string | null>>;
  beforeAll(async () => {
    const told: unknown = JSON.parse(await python('static_trials.py', name));
    rejections = z.record(z.string(), z.string().nullable()).parse(told);
  }, 60_000);

  it.each([
    ...['a function', 'under a condition', 'in a try', 'a name', 'several names', 'an import'],
    ...['everything imported', 'by exec', 'by globals', 'by a function', 'by a loop', 'by with'],
    ...['by a walrus', 'another encoding', '8-bit floats in words'],
  ])('nothing against custom_kernel as %s', (program) => {
    expect(rejections[program]).toBeNull();
  });

  it.each(['nothing', 'within another function', 'within a class', 'only used'])(
    'that it has no custom_kernel at its top level: %s',
    (program) => {
      expect(rejections[program]).toContain('must define custom_kernel(data). Nothing at its top level');
    },
  );

  it.each([
    ['a syntax error', 'SyntaxError'],
    ['a return outside', "'return' outside function, line 2"],
    ['a null byte', 'null bytes'],
    ['very deep', 'The program '],
  ])('that it cannot be compiled: %s', (program, words) => {
    expect(rejections[program]).toContain(words);
  });

  it.each(['8-bit floats', '8-bit floats of Triton', '8-bit floats of CUDA'])(
    'that it has %s where the problem forbids them',
    (program) => {
      if (name === 'trimul') expect(rejections[program]).toBeNull();
      else expect(rejections[program]).toContain('8-bit floats are not allowed here. The program has');
    },
  );
});

describe.each(['trimul', 'mla-decode'])('two programs that are timed by turns (%s)', (name) => {
  // No program is called here, and importing PyTorch takes seconds.
  const standIn = mkdtempSync(join(tmpdir(), 'torch-'));
  writeFileSync(join(standIn, 'torch.py'), '');
  afterAll(() => {
    rmSync(standIn, { recursive: true, force: true });
  });

  it('are ended one without the other, and in the end with all that they started', async () => {
    expect(await python('two_processes.py', name, standIn)).toBe("{'outputs': []}\n0\n");
  }, 60_000);
});
