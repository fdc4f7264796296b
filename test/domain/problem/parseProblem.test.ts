import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import { defaultLimits, defaultSession } from '../../../src/domain/problem/problem';
import { modelSettings } from '../../../src/domain/session/modelSettings';
import { Lines } from '../../../src/domain/text/lines';
import type { Range } from '../../../src/domain/text/position';
import { completeProblem, modelProblem, smallProblem } from './sampleProblem';

function textAt(text: string, range: Range | undefined): string | undefined {
  const lines = new Lines(text);
  return range && text.slice(lines.offsetAt(range.start), lines.offsetAt(range.end));
}

describe('a complete problem file', () => {
  const parsed = parseProblem(completeProblem);

  it('has nothing to complain about', () => {
    expect(parsed.diagnostics).toEqual([]);
  });

  it('is read with its units resolved', () => {
    expect(parsed.problem).toEqual({
      title: 'Erdős minimum overlap',
      candidate: 'initial.py',
      evaluator: { kind: 'command', command: 'python3 evaluate.py' },
      metric: { name: 'c5', goal: 'minimize', unit: '1' },
      reward: '1 / c5',
      environment: { python: '>=3.11', packages: ['numpy', 'scipy>=1.10,<2'] },
      limits: {
        timeMs: 90_000,
        memoryBytes: 2 * 1024 ** 3,
        cpus: 2,
        gpus: 1,
        gpuMemoryBytes: 20 * 1024 ** 3,
        outputBytes: 100_000,
        processes: 16,
      },
      references: [
        { label: 'Haugland 2016', value: 0.380927 },
        { label: 'TTT-Discover', value: 0.380876, url: 'https://arxiv.org/abs/2601.16175' },
      ],
      session: {
        method: 'ttt-discover',
        policy: 'tunables',
        steps: 20,
        groups: 4,
        groupSize: 8,
        maxTimeMs: 180_000,
      },
      statement:
        '# The overlap of two halves\n\nFind a step function h on [0, 2] with values in [0, 1].\n\n```python\n# not a heading\n```',
    });
  });

  it('says where its keys and values stand', () => {
    const place = (path: string) => parsed.places.keys.get(path);
    expect(textAt(completeProblem, place('candidate')?.value)).toBe('initial.py');
    expect(textAt(completeProblem, place('metric.goal')?.key)).toBe('goal');
    expect(textAt(completeProblem, place('metric.unit')?.value)).toBe('"1"');
    expect(place('metric.unit')?.text).toBe('1');
    expect(textAt(completeProblem, place('references.1.value')?.value)).toBe('0.380876');
    expect(textAt(completeProblem, place('session.maxTime')?.value)).toBe('3min');
    expect(textAt(completeProblem, parsed.places.scripts[0]?.range)).toBe('evaluate.py');
    expect(textAt(completeProblem, parsed.places.body)).toMatch(/^# The overlap/);
    expect(textAt(completeProblem, parsed.places.frontMatter)).toMatch(/^title:[^]*3min\n$/);
  });

  it.each([
    ['Windows line ends', completeProblem.replaceAll('\n', '\r\n')],
    ['a byte order mark', '\uFEFF' + completeProblem],
    ['both', '\uFEFF' + completeProblem.replaceAll('\n', '\r\n')],
  ])('means the same with %s', (_, text) => {
    const other = parseProblem(text);
    expect(other.problem).toEqual(parsed.problem);
    expect(textAt(text, other.places.keys.get('session.groupSize')?.value)).toBe('8');
  });
});

describe('the choice of a model', () => {
  const read = (lines: string) => parseProblem(smallProblem.replace('metric:', `${lines}\nmetric:`));

  it('is read with its units resolved', () => {
    expect(parseProblem(modelProblem)).toMatchObject({
      diagnostics: [],
      problem: {
        session: {
          method: 'ttt-discover',
          policy: 'tinker',
          steps: 50,
          groups: 8,
          groupSize: 64,
          maxEvaluations: 5000,
          maxTokens: 50_000_000,
          maxCostUsd: 20.5,
          patienceSteps: 10,
          concurrency: 4,
          seed: 0,
          visits: 'expansions',
          advantage: 'entropic',
          entropicBeta: 2,
          maxStepsOffPolicy: 1,
        },
      },
    });
    expect(parseProblem(modelProblem).problem?.model).toEqual({
      server: 'skyrl',
      model: 'openai/gpt-oss-120b',
      answer: 'edits',
      temperature: 1,
      maxTokens: 16_384,
      requestConcurrency: 16,
      requestTimeoutMs: 1_800_000,
      maxPromptCharacters: 100_000,
      maxFeedbackCharacters: 0,
      prices: { prompt: 0.33, sample: 0.84, train: 0.737 },
      contextTokens: 32_768,
      firstPhaseTokens: 26_000,
      chatFormat: 'harmony',
      reasoning: 'high',
      thinking: false,
      tokenizer: '/models/gpt-oss-120b',
      samplesPerRequest: 8,
      loraRank: 32,
      learningRate: 4e-5,
      klCoefficient: 0.1,
      checkpointEvery: 5,
      wire: 'proto',
      backend: 'fsdp',
      gpus: 8,
      backendConfig: {
        'trainer.placement.policy_num_nodes': 2,
        generator: { engines: [1, 2.5, null, true, 'text'] },
      },
      keepWarm: true,
    });
  });

  it('has every setting of the model, as the journal keeps it', () => {
    const { model } = parseProblem(modelProblem).problem ?? {};
    const named = new Set([...Object.keys(model ?? {}), 'stream', 'sendSeed', 'reachedFrom']);
    expect([...named].toSorted()).toEqual(Object.keys(modelSettings.shape).toSorted());
    expect(modelSettings.parse(model)).toEqual(model);
  });

  it.each([
    ['skyrl', 'tinker', 'ttt-discover'],
    ['tinker', 'tinker', 'ttt-discover'],
    ['vscode', 'openai', 'puct'],
  ])('names the policy and the method by its server: %s', (server, policy, method) => {
    const { problem, diagnostics } = read(`policy: { server: ${server}, model: m }`);
    expect(diagnostics).toEqual([]);
    expect(problem?.session).toMatchObject({ policy, method });
  });

  it('takes an address of either kind of server, without its final slashes', () => {
    const { problem } = read(
      'session: { policy: openai }\npolicy: { server: "https://a.example/v1//", model: m }',
    );
    expect(problem?.model?.server).toBe('https://a.example/v1');
    expect(problem?.session.method).toBe('puct');
    const training = read('session: { policy: tinker }\npolicy: { server: "http://[::1]:8000", model: m }');
    expect(training.problem?.session.method).toBe('ttt-discover');
    expect(training.problem?.model?.server).toBe('http://[::1]:8000');
  });

  it('keeps names that look like other things as they are written', () => {
    expect(read('policy: { server: skyrl, model: 2024.10 }').problem?.model?.model).toBe('2024.10');
  });
});

describe('a small problem file', () => {
  it('takes its title from the first heading and the rest from the defaults', () => {
    expect(parseProblem(smallProblem)).toMatchObject({
      diagnostics: [],
      problem: {
        title: 'Pack the boxes',
        environment: { packages: [] },
        limits: defaultLimits,
        references: [],
        session: defaultSession,
      },
    });
  });

  it('does not take a heading from fenced code', () => {
    const text = smallProblem.replace('# Pack the boxes', '```sh\n# a comment\n```\n## Boxes ##');
    expect(parseProblem(text).problem?.title).toBe('Boxes');
  });

  it('keeps numbers that stand for text as they are written', () => {
    const text = smallProblem.replace('metric:', 'title: 2048\nenvironment: { python: 3.10 }\nmetric:');
    expect(parseProblem(text).problem).toMatchObject({ title: '2048', environment: { python: '3.10' } });
  });

  it('takes the dot segments out of the candidate path', () => {
    const text = smallProblem.replace('initial.cpp', './src/./initial.cpp');
    expect(parseProblem(text)).toMatchObject({ diagnostics: [], problem: { candidate: 'src/initial.cpp' } });
  });

  it('may have dashes and rules in its statement', () => {
    const text = smallProblem + '\n---\nmore: text\n---\n';
    expect(parseProblem(text).problem?.statement).toMatch(/more: text\n---$/);
  });
});
