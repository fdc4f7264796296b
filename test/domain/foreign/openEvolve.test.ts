import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeOpenEvolve } from '../../../src/domain/foreign/openEvolve';
import { openEvolveDefaults, readOpenEvolveConfig } from '../../../src/domain/foreign/openEvolveConfig';
import { proposeProblem } from '../../../src/domain/foreign/proposeProblem';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { folderFiles } from './folderFiles';

const fixture = join(import.meta.dirname, '../../evaluation/openEvolve/fixtures/staircase');
const staircase = Object.fromEntries(
  readdirSync(fixture).map((name) => [name, readFileSync(join(fixture, name), 'utf8')]),
);
const evaluator = 'def evaluate(program_path):\n    return {}\n';
const smallest = { 'evaluator.py': evaluator, 'initial_program.py': '' };

function described(texts: Readonly<Record<string, string>>) {
  const found = describeOpenEvolve(folderFiles(texts));
  if (found === undefined || !('description' in found))
    throw new Error(`Not described: ${JSON.stringify(found)}`);
  return found.description;
}

function problemsOf(texts: Readonly<Record<string, string>>): readonly string[] {
  const found = describeOpenEvolve(folderFiles(texts));
  if (found === undefined || !('problems' in found)) throw new Error('No problems were found.');
  return found.problems;
}

describe('a folder of OpenEvolve', () => {
  it('says its title, program, limits, statement and stages', () => {
    expect(described(staircase)).toEqual({
      format: 'openevolve',
      title: 'Staircase: a sum that climbs',
      candidate: 'initial_program.py',
      metric: { name: 'combined_score', goal: 'maximize' },
      limits: { timeMs: 20_000 },
      statement: 'List square numbers: as many as you are asked for.',
      notes: [
        'combined_score is what the evaluator says; without it, the mean of its other numbers, as in OpenEvolve.',
        'The evaluator has stages: each may take limits.time. Thresholds: 0.5, 0.75.',
      ],
    });
  });

  it('becomes a problem file without mistakes', () => {
    const text = proposeProblem(described(staircase), '../staircase');
    const { problem, diagnostics } = parseProblem(text);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(problem).toMatchObject({
      candidate: '../staircase/initial_program.py',
      evaluator: { format: 'openevolve', folder: '../staircase' },
    });
  });

  it('without a configuration has the defaults of OpenEvolve', () => {
    const description = described(smallest);
    expect(description).toMatchObject({
      limits: { timeMs: 300_000 },
      statement: '',
    });
    expect(description.notes.join(' ')).toContain("OpenEvolve's defaults count");
    expect(description.notes.join(' ')).toContain('write the statement below');
  });

  it('may have a program in any language; Python goes first', () => {
    expect(described({ 'evaluator.py': evaluator, 'initial_program.rs': '' }).candidate).toBe(
      'initial_program.rs',
    );
    const two = described({ ...smallest, 'initial_program.cpp': '' });
    expect(two.candidate).toBe('initial_program.py');
    expect(two.notes).toContain('Other initial programs: initial_program.cpp.');
  });

  it('may call its program otherwise, or have a folder of programs, which cannot evolve', () => {
    expect(
      described({ 'evaluator.py': evaluator, 'initial_prompt.txt': '', 'initial_prompt.yaml': '' }).candidate,
    ).toBe('initial_prompt.txt');
    expect(described({ 'evaluator.py': evaluator, 'init_program.py': '' }).candidate).toBe('init_program.py');
    expect(problemsOf({ 'evaluator.py': evaluator, 'initial_program/a.py': '' })[0]).toContain(
      'several files',
    );
  });

  it('takes a configuration with another name, the first by name, and says so', () => {
    const description = described({
      ...smallest,
      'config_phase_2.yaml': 'evaluator: { timeout: 2 }',
      'config_phase_1.yaml': 'evaluator: { timeout: 1.5 }',
    });
    expect(description.limits).toEqual({ timeMs: 1500 });
    expect(description.notes).toContain('There is no config.yaml: config_phase_1.yaml is used.');
  });

  it('takes its packages from requirements.txt without the tool itself, or from its imports', () => {
    const listed = described({
      ...smallest,
      'requirements.txt': 'numpy>=1.20 # fast\n-e .\nopenevolve\nscipy[all]==1.1; python_version>"3"\n',
    });
    expect(listed.environment).toEqual({ packages: ['numpy>=1.20', 'scipy[all]==1.1; python_version>"3"'] });
    expect(listed.notes).toContain('Lines of requirements.txt that are left out: -e ..');
    const imported = described({
      ...smallest,
      'initial_program.py': 'import numpy as np\nfrom sklearn import svm\nimport os',
    });
    expect(imported.environment).toEqual({ packages: ['numpy', 'scikit-learn'] });
  });

  it('says what is not supported', () => {
    const { notes } = described({ ...smallest, 'config.yaml': 'evaluator: { use_llm_feedback: true }' });
    expect(notes.join(' ')).toContain('use_llm_feedback is not supported');
  });

  it('with mistakes says what to do', () => {
    expect(problemsOf({ 'evaluator.py': evaluator })[0]).toContain('There is no initial_program.*');
    expect(problemsOf({ 'evaluator.py': 'x = 1', 'initial_program.py': '' })[0]).toContain(
      'no function evaluate',
    );
    expect(problemsOf({ ...smallest, 'config.yaml': 'evaluator: { timeout: soon }' })[0]).toMatch(
      /^config\.yaml cannot be used, evaluator\.timeout: /,
    );
    expect(problemsOf({ ...smallest, 'config.yaml': 'a: [' })[0]).toContain('it is not YAML');
  });

  it.each([
    ['no evaluator.py', { 'initial_program.py': '' }],
    ['an evaluator.py of something else', { 'evaluator.py': 'class Evaluator: pass' }],
  ])('is none with %s', (_, texts) => {
    expect(describeOpenEvolve(folderFiles(texts))).toBeUndefined();
  });

  it('may import its evaluate', () => {
    expect(described({ ...smallest, 'evaluator.py': 'from checks import evaluate' }).candidate).toBe(
      'initial_program.py',
    );
    expect(described({ ...smallest, 'evaluator.py': 'evaluate = make()' }).candidate).toBe(
      'initial_program.py',
    );
  });
});

describe('the configuration', () => {
  it('has every key of an evaluation', () => {
    const text = `
evaluator:
  timeout: 12
  cascade_evaluation: false
  cascade_thresholds: [1, 2.5]
  enable_artifacts: true
  use_llm_feedback: true
  memory_limit_mb: 100
  cpu_limit: 1.5
  distributed: false
prompt: { include_artifacts: false, max_artifact_bytes: 7, system_message: " Do it. " }
database: { feature_dimensions: [a] }`;
    expect(readOpenEvolveConfig(text)).toEqual({
      ok: true,
      config: {
        timeoutMs: 12_000,
        cascade: false,
        thresholds: [1, 2.5],
        artifacts: false,
        mostArtifactCharacters: 7,
        featureDimensions: ['a'],
        systemMessage: 'Do it.',
        llmFeedback: true,
        memoryBytes: 100 * 1024 ** 2,
        cpus: 2,
      },
    });
  });

  it('may have quoted text that is indented less than YAML demands, as Python reads it', () => {
    const text = 'prompt:\n  system_message: "\n  One: *two*\n- three\n\nfour"\nevaluator:\n  timeout: 3\n';
    expect(readOpenEvolveConfig(text)).toMatchObject({
      ok: true,
      config: { timeoutMs: 3000, systemMessage: 'One: *two* - three\nfour' },
    });
  });

  it.each(['', '# nothing', 'evaluator:\nprompt:\n', 'evaluator: { timeout: null }'])(
    'is the default for %j',
    (text) => {
      expect(readOpenEvolveConfig(text)).toEqual({ ok: true, config: openEvolveDefaults });
    },
  );
});
