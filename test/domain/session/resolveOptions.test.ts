import { describe, expect, it } from 'vitest';
import { parseProblem } from '../../../src/domain/problem/parseProblem';
import type { Problem } from '../../../src/domain/problem/problem';
import { sessionOptions, type SessionOverrides } from '../../../src/domain/session/options';
import { resolveOptions, SettingsError } from '../../../src/domain/session/resolveOptions';

const host = { randomSeed: 7, processors: 8 };

function problemWith(lines: string): Problem {
  const text = `---\ncandidate: a.py\nevaluate: python3 evaluate.py\nmetric: { name: c5, goal: minimize }\n${lines}\n---\n# T\nx\n`;
  const { problem, diagnostics } = parseProblem(text);
  if (problem === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return problem;
}

const plain = problemWith('session: { method: ttt-discover, policy: tunables, steps: 3 }');
const hosted = problemWith(
  'policy: { server: tinker, model: Qwen/Qwen3-8B, loraRank: 16, temperature: 1, tokenizer: Qwen/Qwen3-8B, prices: { prompt: 1, sample: 2, train: 3 } }',
);
const stub = { server: 'http://127.0.0.1:8000/v1', model: 'stub' };

function refusalOf(problem: Problem, overrides: SessionOverrides): SettingsError {
  try {
    resolveOptions(problem, overrides, host);
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('the options of a session', () => {
  it("are the user's, else the problem's, else the host's", () => {
    const problem = problemWith(
      'session: { steps: 3, seed: 5, maxEvaluations: 9, patience: 2, visits: expansions, advantage: mean-baseline }\nlimits: { cpus: 2 }',
    );
    expect(resolveOptions(problem, { steps: 4, patienceSteps: 1 }, host)).toEqual({
      method: 'ttt-discover',
      policy: 'tunables',
      seed: 5,
      steps: 4,
      groups: 8,
      groupSize: 64,
      concurrency: 4,
      visits: 'expansions',
      maxEvaluations: 9,
      patienceSteps: 1,
      advantage: 'mean-baseline',
    });
    expect(resolveOptions(plain, {}, host).seed).toBe(7);
  });

  it('have the settings of the model merged one by one', () => {
    const options = resolveOptions(hosted, { model: { loraRank: 64 } }, host);
    expect(options).toMatchObject({ policy: 'tinker', method: 'ttt-discover' });
    expect(options.model).toEqual({ ...hosted.model, loraRank: 64 });
    expect(sessionOptions.parse(options)).toEqual(options);
  });

  it('forget prices and tokenizer of a model that is not taken', () => {
    expect(resolveOptions(hosted, { model: { model: 'openai/gpt-oss-20b' } }, host).model).toEqual({
      server: 'tinker',
      model: 'openai/gpt-oss-20b',
      loraRank: 16,
      temperature: 1,
    });
    expect(resolveOptions(hosted, { model: { server: 'skyrl' } }, host).model).toEqual({
      server: 'skyrl',
      model: 'Qwen/Qwen3-8B',
      loraRank: 16,
      temperature: 1,
      tokenizer: 'Qwen/Qwen3-8B',
    });
  });

  it('forget the way to a server that is not taken', () => {
    const away = problemWith(
      'session: { policy: openai, method: puct }\npolicy: { server: "http://farm:8000/v1", model: m, reachedFrom: editor }',
    );
    expect(resolveOptions(away, {}, host).model?.reachedFrom).toBe('editor');
    expect(resolveOptions(away, { model: { model: 'n' } }, host).model?.reachedFrom).toBe('editor');
    const other = { server: 'http://127.0.0.1:8000/v1' };
    expect(resolveOptions(away, { model: other }, host).model).not.toHaveProperty('reachedFrom');
    const both = { ...other, reachedFrom: 'editor' } as const;
    expect(resolveOptions(away, { model: both }, host).model?.reachedFrom).toBe('editor');
  });

  it('have no model where none is asked', () => {
    expect(resolveOptions(hosted, { policy: 'tunables' }, host)).not.toHaveProperty('model');
  });

  it('search without training where a frozen model is chosen in place of the policy of the file', () => {
    expect(resolveOptions(plain, { policy: 'openai', model: stub }, host)).toMatchObject({
      policy: 'openai',
      method: 'puct',
      model: stub,
    });
    expect(resolveOptions(plain, { policy: 'openai', method: 'best-of-n', model: stub }, host).method).toBe(
      'best-of-n',
    );
  });

  it('name the policy by the server', () => {
    expect(resolveOptions(plain, { model: { server: 'skyrl', model: 'm' } }, host).policy).toBe('tinker');
    expect(resolveOptions(hosted, { model: { server: 'vscode', model: 'm' } }, host).method).toBe('puct');
  });
});

describe('evaluations at once, where nobody says how many', () => {
  const gibibyte = 1024 ** 3;
  /** `gpuMemory`: GiB of each GPU. */
  const atOnce = (limits: string, gpus?: number, gpuMemory?: number, processors = 64): number =>
    resolveOptions(
      problemWith(`limits: { ${limits} }`),
      {},
      {
        ...{ randomSeed: 1, processors },
        ...(gpus !== undefined && { gpus }),
        ...(gpuMemory !== undefined && { gpuMemoryBytes: gpuMemory * gibibyte }),
      },
    ).concurrency;

  it('are as many as have room in 95 % of the memory of each GPU', () => {
    expect(atOnce('gpus: 1, gpuMemory: 24GiB', 1, 80)).toBe(3);
    expect(atOnce('gpus: 1, gpuMemory: 16GiB', 1, 80)).toBe(4);
    expect(atOnce('gpus: 1, gpuMemory: 24GiB', 2, 80)).toBe(6);
    expect(atOnce('gpus: 2, gpuMemory: 24GiB', 5, 80)).toBe(6);
    expect(atOnce('gpus: 1, gpuMemory: 38GiB', 1, 80)).toBe(2);
    expect(atOnce('gpus: 1, gpuMemory: 39GiB', 1, 80)).toBe(1);
  });

  it('are one a GPU where it has room for less than one, or it is not known what it has or what they take', () => {
    expect(atOnce('gpus: 1, gpuMemory: 100GiB', 2, 80)).toBe(2);
    expect(atOnce('gpus: 1, gpuMemory: 24GiB', 2)).toBe(2);
    expect(atOnce('gpus: 1, gpuMemory: 24GiB')).toBe(1);
    expect(atOnce('gpus: 1', 2, 80)).toBe(2);
  });

  it('are no more than the processors bear', () => {
    expect(atOnce('gpus: 1, cpus: 4, gpuMemory: 10GiB', 1, 80, 16)).toBe(4);
    expect(atOnce('gpus: 1, cpus: 4, gpuMemory: 10GiB', 1, 80, 2)).toBe(1);
    expect(atOnce('gpus: 0, cpus: 4, gpuMemory: 10GiB', 1, 80, 16)).toBe(4);
  });

  it('are what the user or the problem says, whatever has room; on a cluster each job has its own GPU', () => {
    const crowded = { ...host, gpus: 1, gpuMemoryBytes: 80 * gibibyte };
    const shared = problemWith('limits: { gpus: 1, gpuMemory: 24GiB }');
    expect(resolveOptions(shared, { concurrency: 7 }, crowded).concurrency).toBe(7);
    const own = problemWith('limits: { gpus: 1, gpuMemory: 24GiB }\nsession: { concurrency: 1 }');
    expect(resolveOptions(own, {}, crowded).concurrency).toBe(1);
    const cluster = problemWith('limits: { gpus: 1, gpuMemory: 24GiB }\nexecutor: slurm');
    expect(resolveOptions(cluster, {}, crowded).concurrency).toBe(32);
  });
});

describe('what is not enough or does not fit is refused', () => {
  it.each<readonly [string, Problem, SessionOverrides, RegExp, RegExp]>([
    ['no server', plain, { policy: 'openai' }, /needs a model server/, /--server .* policy\.server/],
    ['no model', plain, { policy: 'openai', model: { server: stub.server } }, /name of a model/, /--model/],
    ['an address without a policy', plain, { model: stub }, /no policy that asks it/, /--policy openai/],
    [
      'training a frozen model',
      plain,
      { policy: 'openai', method: 'ttt-discover', model: stub },
      /cannot be trained/,
      /--set/,
    ],
    [
      'a chat policy at a trainer',
      plain,
      { policy: 'openai', model: { server: 'skyrl', model: 'm' } },
      /asks a chat endpoint/,
      /--set/,
    ],
    [
      'money without prices',
      plain,
      { policy: 'openai', model: stub, maxCostUsd: 1 },
      /No prices of stub/,
      /--set/,
    ],
    [
      'phases',
      hosted,
      { model: { contextTokens: 10, firstPhaseTokens: 10 } },
      /room for the final answer/,
      /--set/,
    ],
  ])('%s', (_, problem, overrides, message, advice) => {
    const refusal = refusalOf(problem, overrides);
    expect(refusal.message).toMatch(message);
    expect(refusal.advice).toMatch(advice);
  });

  it('without repeating an address that may hold a key', () => {
    const server = 'https://me:s3cret@a.example/v1';
    const refusal = refusalOf(plain, { policy: 'openai', model: { server, model: 'm' } });
    expect(refusal.message + refusal.advice).not.toContain('s3cret');
  });
});
