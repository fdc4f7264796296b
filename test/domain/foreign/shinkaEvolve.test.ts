import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeShinkaEvolve } from '../../../src/domain/foreign/shinkaEvolve';
import { proposeProblem } from '../../../src/domain/foreign/proposeProblem';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { folderFiles } from './folderFiles';

const fixture = join(import.meta.dirname, '../../evaluation/shinkaEvolve/fixtures/climb');
const climb = Object.fromEntries(
  readdirSync(fixture).map((name) => [name, readFileSync(join(fixture, name), 'utf8')]),
);
const evaluate = 'parser.add_argument("--program_path")\nparser.add_argument("--results_dir")\n';
const smallest = { 'evaluate.py': evaluate, 'initial.py': '' };

function described(texts: Readonly<Record<string, string>>) {
  const found = describeShinkaEvolve(folderFiles(texts));
  if (found === undefined || !('description' in found))
    throw new Error(`Not described: ${JSON.stringify(found)}`);
  return found.description;
}

describe('a folder of ShinkaEvolve', () => {
  it('says its program, and what run_evo.py and the YAML files tell', () => {
    expect(described(climb)).toEqual({
      format: 'shinka-evolve',
      candidate: 'initial.py',
      metric: { name: 'combined_score', goal: 'maximize' },
      limits: { timeMs: 30_000 },
      statement: 'You climb a hill. Reach its top from wherever you start.\n\nOnly the height counts.',
      notes: [
        'Only what stands between EVOLVE-BLOCK-START and EVOLVE-BLOCK-END may change, as in ShinkaEvolve.',
        'The statement is task_sys_msg of run_evo.py.',
      ],
    });
  });

  it('becomes a problem file without mistakes', () => {
    const { problem, diagnostics } = parseProblem(proposeProblem(described(climb), '/home/me/climb'));
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(problem?.evaluator).toEqual({
      kind: 'foreign',
      format: 'shinka-evolve',
      folder: '/home/me/climb',
    });
  });

  it('prefers what a YAML file says', () => {
    const description = described({
      ...climb,
      'other.jl': '',
      'a.yaml':
        'evo_config: { task_sys_msg: From YAML., init_program_path: ./other.jl }\njob_config: { time: "01:00:01", extra_cmd_args: { size: 3 } }',
      'broken.yaml': 'a: [',
    });
    expect(description).toMatchObject({
      candidate: 'other.jl',
      statement: 'From YAML.',
      limits: { timeMs: 3_601_000 },
    });
    expect(description.notes.join(' ')).toContain('extra_cmd_args is not supported');
  });

  it('guesses a time limit where there is none', () => {
    const description = described(smallest);
    expect(description.limits).toEqual({ timeMs: 600_000 });
    expect(description.notes.join(' ')).toContain('limits.time is a guess');
    expect(description.notes.join(' ')).toContain('No task_sys_msg was found');
  });

  it('may have a program in any language', () => {
    expect(described({ 'evaluate.py': evaluate, 'initial.f90': '' }).candidate).toBe('initial.f90');
    expect(described({ ...smallest, 'initial.c': '' }).candidate).toBe('initial.py');
  });

  it('with mistakes says what to do', () => {
    expect(describeShinkaEvolve(folderFiles({ 'evaluate.py': evaluate }))).toEqual({
      problems: ['There is no initial.*: name the program that evolves initial.py (or with another ending).'],
    });
    const half = { 'evaluate.py': '--program_path', 'initial.py': '' };
    expect(describeShinkaEvolve(folderFiles(half))).toMatchObject({
      problems: [expect.stringContaining('--results_dir')],
    });
  });

  it.each([
    ['no evaluate.py', { 'initial.py': '' }],
    ['an evaluate.py of something else', { 'evaluate.py': 'print(1)', 'initial.py': '' }],
  ])('is none with %s', (_, texts) => {
    expect(describeShinkaEvolve(folderFiles(texts))).toBeUndefined();
  });
});
