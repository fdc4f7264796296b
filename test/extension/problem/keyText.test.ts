import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyAt, problemKeys, type KeySpec } from '../../../src/domain/problem/keys';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { Lines } from '../../../src/domain/text/lines';
import { hoverAt, suggestionsAt, type Suggestion } from '../../../src/extension/problem/keyText';
import { completeProblem, modelProblem, smallProblem } from '../../domain/problem/sampleProblem';

/** What is offered where the text has a `|`. */
function offered(marked: string): readonly Suggestion[] {
  const offset = marked.indexOf('|');
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  return suggestionsAt(text, parseProblem(text), new Lines(text).positionAt(offset));
}

function labels(marked: string): readonly string[] {
  return offered(marked).map((suggestion) => suggestion.label);
}

const metric = ['name', 'goal', 'unit'];
const reference = ['label', 'value', 'url'];

describe('completion', () => {
  it.each([
    ['---\n|', problemKeys.map((key) => key.name)],
    [
      '---\ncandidate: a.py\nevaluate: b\n|\n---\n# T',
      problemKeys.map((key) => key.name).filter((name) => name !== 'candidate' && name !== 'evaluate'),
    ],
    ['---\nmetric: { | }\n---\n', metric],
    ['---\nmetric: { name: c5, | }\n---\n', ['goal', 'unit']],
    ['---\nmetric:\n  |\n---\n', metric],
    ['---\nmetric:\n  name: c5\n  g|\n---\n', ['goal', 'unit']],
    ['---\nmetric: { goal: | }\n---\n', ['minimize', 'maximize']],
    ['---\nmetric:\n  goal: mi|\n---\n', ['minimize', 'maximize']],
    ['---\nsession:\n  steps: 3\n  method: |\n---\n', ['ttt-discover', 'puct', 'best-of-n']],
    ['---\nreferences:\n  - |\n---\n', reference],
    ['---\nreferences:\n- label: A\n  |\n---\n', reference],
    ['---\nreferences:\n  - { label: A, | }\n---\n', reference],
    ['---\nreferences: [{ label: A }, { | }]\n---\n', reference],
    [
      '---\nlimits:\n  time: 60s # wall\n|\n---\n',
      problemKeys.map((key) => key.name).filter((name) => name !== 'limits'),
    ],
    ["---\ntitle: Bob's\nmetric: { | }\n---\n", metric],
    ['---\r\nmetric:\r\n  |\r\n---\r\n', metric],
    ['---\npolicy:\n  server: skyrl\n  backend: |\n---\n', ['jax', 'fsdp', 'megatron']],
    ['---\npolicy: { keepWarm: | }\n---\n', ['true', 'false']],
    ['---\npolicy: { server: | }\n---\n', ['skyrl', 'tinker', 'vscode', '"http://127.0.0.1:8000/v1"']],
    ['---\npolicy: { prices: { prompt: 1, | } }\n---\n', ['sample', 'train']],
    ['---\npolicy:\n  backendConfig:\n    |\n---\n', []],
    ['---\nenvironment: { packages: [|] }\n---\n', []],
    ['---\nlimits: { memory: | }\n---\n', ['2GiB']],
    ['---\nnothing:\n  |\n---\n', []],
    ['---\ntitle: A # com|\n---\n', []],
    ['---\ntitle: A\n---\n# T\n|', []],
    ['# T\n|', []],
  ])('at %j offers %j', (marked, expected) => {
    expect(labels(marked)).toEqual(expected);
  });

  it('offers a choice as a choice and an example as a placeholder', () => {
    const of = (label: string, marked: string) =>
      offered(marked).find((suggestion) => suggestion.label === label);
    expect(of('goal', '---\nmetric: { | }')?.snippet).toBe('goal: ${1|minimize,maximize|}');
    expect(of('metric', '---\n|')?.snippet).toBe('metric: ${1:{ name: score, goal: maximize \\}}');
    expect(of('thinking', '---\npolicy: { | }')?.snippet).toBe('thinking: ${1|true,false|}');
    expect(of('server', '---\npolicy: { | }')?.snippet).toBe(
      'server: ${1|skyrl,tinker,vscode,"http://127.0.0.1:8000/v1"|}',
    );
    expect(of('candidate', '---\n|')?.detail).toBe('required');
    expect(of('limits', '---\n|')?.detail).toBe('optional; without it: the default of each limit');
  });

  it('replaces what is written of the word', () => {
    expect(offered('---\nmetric:\n  go|')[0]?.replace).toEqual({
      start: { line: 2, character: 2 },
      end: { line: 2, character: 4 },
    });
  });

  it('never throws, wherever the cursor is', () => {
    const lines = new Lines(completeProblem);
    const anywhere = fc.nat(completeProblem.length);
    fc.assert(
      fc.property(anywhere, fc.nat(60), anywhere, (from, length, cursor) => {
        const text = completeProblem.slice(0, from) + completeProblem.slice(from + length);
        suggestionsAt(text, parseProblem(text), lines.positionAt(cursor));
      }),
    );
  });
});

describe('hover', () => {
  const hover = (text: string, word: string) => {
    return hoverAt(parseProblem(text), new Lines(text).positionAt(text.indexOf(word) + 1));
  };

  it('explains a key on its name and on its value', () => {
    expect(hover(completeProblem, 'groupSize')?.markdown).toMatch(
      /^\*\*session\.groupSize\*\*\n\nCandidates a parent/,
    );
    expect(hover(completeProblem, 'Haugland')?.markdown).toMatch(/^\*\*references\.label\*\*/);
    expect(hover(modelProblem, '0.737')?.markdown).toMatch(/^\*\*policy\.prices\.train\*\*/);
    expect(hover(completeProblem, '1.5min')?.range).toEqual({
      start: { line: 7, character: 16 },
      end: { line: 7, character: 22 },
    });
  });

  it('says what holds without the key', () => {
    expect(hover(completeProblem, 'processes')?.markdown).toContain('Without it: 64.');
    expect(hover(smallProblem, 'evaluate')?.markdown).toContain('Without it: `evaluator`');
    expect(hover(smallProblem, 'candidate')?.markdown).toContain('Required.');
  });

  it('is silent in the statement', () => {
    expect(hover(smallProblem, 'Pack the boxes')).toBeUndefined();
  });
});

describe('the table of keys', () => {
  it('has an example for every key that the parser accepts', () => {
    const check = (keys: readonly KeySpec[], path: string[]): void => {
      for (const key of keys) {
        const names = [...path, key.name];
        expect(keyAt(names)).toBe(key);
        expect(exampleComplaints(names, key)).toEqual([]);
        if ('keys' in key.value) check(key.value.keys, names);
      }
    };
    check(problemKeys, []);
  });
});

/** A value of the front matter: as it is written, or keys with values. */
type Value = string | { readonly [key: string]: Value };

const needed: Value = {
  candidate: 'initial.py',
  evaluate: 'python3 evaluate.py',
  metric: { name: 'score', goal: 'minimize' },
};
const aTrainedModel: Value = {
  session: { policy: 'tinker' },
  policy: { server: 'tinker', model: 'Qwen/Qwen3-8B' },
};

/** What some keys are only used with. */
const companions: Readonly<Record<string, Value>> = {
  evaluator: { evaluator: { format: 'gpu-mode', folder: 'trimul' } },
  'evaluator.cases': { evaluator: { format: 'atcoder' } },
  'evaluator.caseTime': { evaluator: { format: 'atcoder' } },
  'evaluator.stopEarly': { evaluator: { format: 'atcoder' } },
  'limits.gpuMemory': { limits: { gpus: '1' } },
  slurm: { executor: 'slurm' },
  references: { references: { label: 'A', value: '1' } },
  policy: { session: { policy: 'tinker' }, policy: { server: 'skyrl', model: 'm' } },
  'policy.stream': { session: { policy: 'openai' }, policy: { server: '"http://127.0.0.1:8000/v1"' } },
  'policy.sendSeed': { session: { policy: 'openai' }, policy: { server: '"http://127.0.0.1:8000/v1"' } },
  'policy.prices': { policy: { prices: { prompt: '1', sample: '1', train: '1' } } },
  'session.maxTokens': aTrainedModel,
  'session.maxCost': aTrainedModel,
  'session.maxStepsOffPolicy': aTrainedModel,
  'session.entropicBeta': { session: { advantage: 'entropic' } },
};

/** The complaints about a problem in which one key has the value that its documentation shows. */
function exampleComplaints(path: readonly string[], key: KeySpec): readonly string[] {
  const own = path.reduceRight<Value>((value, name) => ({ [name]: value }), key.example);
  const paths = path.map((_, index) => path.slice(0, index + 1).join('.'));
  const front = [needed, ...paths.map((name) => companions[name] ?? {}), own].reduce(merged);
  const lines = Object.entries(front).flatMap(([name, value]) => {
    // Only one of the two says what scores the program.
    if (name === 'evaluate' && path[0] === 'evaluator') return [];
    const written = inFlow(value);
    return `${name}: ${name === 'references' && path.length > 1 ? `[${written}]` : written}`;
  });
  return parseProblem(`---\n${lines.join('\n')}\n---\n# T\ntext\n`).diagnostics.map(({ message }) => message);
}

function merged(one: Value, other: Value): Value {
  if (typeof one === 'string' || typeof other === 'string') return other;
  const result: Record<string, Value> = { ...one };
  for (const [name, value] of Object.entries(other)) result[name] = merged(one[name] ?? {}, value);
  return result;
}

function inFlow(value: Value): string {
  if (typeof value === 'string') return value;
  return `{ ${Object.entries(value)
    .map(([name, inner]) => `${name}: ${inFlow(inner)}`)
    .join(', ')} }`;
}
