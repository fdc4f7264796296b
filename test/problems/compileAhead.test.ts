import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { pythonWithTorch } from './support/pythonWithTorch';

const problems = join(import.meta.dirname, '../../problems');
const python = pythonWithTorch('nothing is compiled ahead for an H100');

async function trials(interpreter: string, name: string, what: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    interpreter,
    [join(import.meta.dirname, 'support/compile_trials.py'), join(problems, name), what],
    { env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
  );
  return JSON.parse(stdout);
}

const ends = z.object({
  ...{
    left: z.array(z.boolean()),
    kept: z.boolean(),
    kernels: z.number(),
    words: z.number(),
    says: z.boolean(),
  },
  ...{ children: z.array(z.number()), startsForPlainText: z.boolean() },
});

describe.each(['trimul', 'mla-decode'])('a program of %s that is compiled before its turn', (name) => {
  let facts: z.infer<typeof ends>;
  beforeAll(async () => {
    facts = ends.parse(await trials('python3', name, 'ends'));
  }, 60_000);

  it('leaves no process behind when that is over, however it hides, and the others are kept', () => {
    expect(facts.left).toEqual([false, false]);
    expect([facts.kept, facts.children]).toEqual([true, []]);
  });

  it('is heard up to a few kilobytes, and what it says of itself is no more than a number', () => {
    expect(facts.words).toBeLessThan(40_000);
    expect(facts.says).toBe(true);
    expect(facts.kernels).toBe(10_003);
  });

  it('is no process where its text has nothing to compile', () => {
    expect(facts.startsForPlainText).toBe(false);
  });
});

const compiled = z.object({ kernels: z.number(), files: z.number(), words: z.string() });
const kernels = z.object({
  ...{ initial: compiled, autotuned: compiled, looksAtValues: compiled },
  ...{ missedByCalls: z.object({ kernels: z.number(), new: z.number() }), allCases: z.boolean() },
});

// For an H100 that is not there: nothing but the functions of the CUDA driver is made up.
describe.runIf(python).each(['trimul', 'mla-decode'])('what %s compiles ahead', (name) => {
  let facts: z.infer<typeof kernels>;
  beforeAll(async () => {
    facts = kernels.parse(await trials(python ?? '', name, 'kernels'));
  }, 900_000);

  it('is all that the cases need of the initial program, without a word', () => {
    expect(facts.initial).toMatchObject(
      name === 'trimul' ? { files: 10, words: '' } : { files: 2, words: '' },
    );
    expect(facts.initial.kernels).toBeGreaterThanOrEqual(facts.initial.files);
    expect(facts.allCases).toBe(true);
  });

  it('is found by a call with values in memory, so that nothing is compiled anew', () => {
    expect(facts.missedByCalls.kernels).toBeGreaterThanOrEqual(2);
    expect(facts.missedByCalls.new).toBe(0);
  });

  it('is every variant of an autotuned kernel, and none is timed', () => {
    expect(facts.autotuned).toEqual({ kernels: 4, files: 4, words: '' });
  });

  it('ends with a reason where a program looks at values', () => {
    expect(facts.looksAtValues.kernels).toBe(0);
    expect(facts.looksAtValues.words).toContain('Compiling ahead of its turn ended early');
  });
});
