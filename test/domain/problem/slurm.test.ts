import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { resolveOptions } from '../../../src/domain/session/resolveOptions';

const parsed = (lines: string): ReturnType<typeof parseProblem> =>
  parseProblem(`---
candidate: initial.py
evaluate: python3 evaluate.py
metric: { name: score, goal: maximize }
${lines}
---
# A problem
Text.
`);

describe('evaluations on a cluster', () => {
  it('have what the file says of their jobs, and nothing else', () => {
    const { problem } = parsed(
      'executor: slurm\nslurm: { partition: "gpu,long", constraint: "a100&ib", tries: 2 }',
    );
    expect(problem?.executor).toBe('slurm');
    expect(problem?.slurm).toEqual({ partition: 'gpu,long', constraint: 'a100&ib', tries: 2 });
  });

  it('are the exception', () => {
    const { problem } = parsed('');
    expect(problem).toBeDefined();
    expect(problem).not.toHaveProperty('executor');
    expect(problem).not.toHaveProperty('slurm');
  });

  it('do not happen because of settings alone, which is said', () => {
    const { problem, diagnostics } = parsed('slurm: { partition: gpu }');
    expect(problem?.executor).toBeUndefined();
    expect(diagnostics.map(({ severity, code }) => [severity, code])).toEqual([['warning', 'unused-key']]);
  });

  it('run many at once by default, whatever the processors of the host that submits them', () => {
    const onHostWith = (lines: string, processors: number): number => {
      const { problem } = parsed(lines);
      if (problem === undefined) throw new Error('no problem');
      return resolveOptions(problem, {}, { randomSeed: 1, processors }).concurrency;
    };
    expect(onHostWith('executor: slurm\nlimits: { cpus: 16, gpus: 1 }', 2)).toBe(32);
    expect(onHostWith('executor: local\nlimits: { cpus: 2 }', 8)).toBe(4);
    expect(onHostWith('executor: slurm\nsession: { concurrency: 5 }', 2)).toBe(5);
  });
});
