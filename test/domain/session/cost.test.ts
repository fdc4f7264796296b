import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  costUsd,
  estimate,
  knownPrices,
  pricesInUse,
  type EstimateFacts,
  type Guess,
} from '../../../src/domain/session/cost';
import { guessTokens } from '../../../src/domain/session/tokenGuesses';
import type { SessionOptions } from '../../../src/domain/session/options';

const tokens = fc.nat(1e9);
const usage = fc.record({ promptTokens: tokens, sampledTokens: tokens, trainedTokens: tokens });
const price = fc.double({ min: 0, max: 1000, noNaN: true });
const prices = fc.record({ prompt: price, sample: price, train: price });

describe('the cost of tokens', () => {
  it('is the price of a million for a million', () => {
    const used = { promptTokens: 2_000_000, sampledTokens: 1_000_000, trainedTokens: 500_000 };
    expect(costUsd(used, { prompt: 1, sample: 10, train: 4 })).toBe(14);
  });

  it('is a number, never negative, and grows with each kind of token', () => {
    fc.assert(
      fc.property(usage, usage, prices, (a, more, of) => {
        const both = {
          promptTokens: a.promptTokens + more.promptTokens,
          sampledTokens: a.sampledTokens + more.sampledTokens,
          trainedTokens: a.trainedTokens + more.trainedTokens,
        };
        const [one, other, sum] = [costUsd(a, of), costUsd(more, of), costUsd(both, of)];
        expect(one).toBeGreaterThanOrEqual(0);
        expect(sum).toBeGreaterThanOrEqual(Math.max(one, other) * (1 - 1e-12));
        expect(Math.abs(sum - (one + other))).toBeLessThanOrEqual(1e-9 * Math.max(1, sum));
      }),
    );
  });
});

describe('the known prices', () => {
  it('are those of the service, not of the model alone', () => {
    expect(knownPrices('tinker', 'openai/gpt-oss-120b')).toEqual({
      prompt: 0.33,
      sample: 0.84,
      train: 0.737,
    });
    expect(knownPrices('https://api.openai.com/v1', 'gpt-5.4-mini')?.sample).toBe(4.5);
    expect(knownPrices('https://api.openai.com.example.org/v1', 'gpt-5.4-mini')).toBeUndefined();
    expect(knownPrices('http://127.0.0.1:8000/v1', 'openai/gpt-oss-120b')).toBeUndefined();
    expect(knownPrices('skyrl', 'openai/gpt-oss-120b')).toBeUndefined();
    expect(knownPrices('vscode', 'gpt-5.4')).toBeUndefined();
    expect(knownPrices('tinker', 'toString')).toBeUndefined();
  });

  it('give way to those of the user', () => {
    const own = { prompt: 1, sample: 2, train: 3 };
    expect(pricesInUse({ server: 'tinker', model: 'Qwen/Qwen3-8B', prices: own })).toBe(own);
    expect(pricesInUse({ server: 'tinker', model: 'Qwen/Qwen3-8B' })?.train).toBe(0.44);
    expect(pricesInUse({ server: 'skyrl', model: 'Qwen/Qwen3-8B' })).toBeUndefined();
    expect(pricesInUse(undefined)).toBeUndefined();
  });
});

const exactly = (amount: number): Guess => ({ lowest: amount, likely: amount, highest: amount });
const facts: EstimateFacts = {
  promptTokens: exactly(1000),
  sampledTokensPerCandidate: exactly(500),
  evaluationMs: exactly(2000),
};
const options: SessionOptions = {
  method: 'puct',
  policy: 'openai',
  seed: 1,
  steps: 10,
  groups: 2,
  groupSize: 4,
  concurrency: 4,
  visits: 'rollouts',
  model: { server: 'http://127.0.0.1:1/v1', model: 'm', prices: { prompt: 1, sample: 2, train: 4 } },
};

describe('the estimate of a session', () => {
  it('asks a chat endpoint once a candidate', () => {
    expect(estimate(options, facts).likely).toEqual({
      candidates: 80,
      parentRuns: 0,
      usage: { promptTokens: 80_000, sampledTokens: 40_000, trainedTokens: 0 },
      costUsd: 0.16,
      evaluationMs: (82 * 2000) / 4,
    });
  });

  it('reads the prompt of a group once, scores all for the KL penalty and trains on all, where a model trains', () => {
    const training: SessionOptions = {
      ...options,
      policy: 'tinker',
      method: 'ttt-discover',
      model: { server: 'skyrl', model: 'm', klCoefficient: 0.1 },
    };
    expect(estimate(training, facts)).toMatchObject({
      likely: {
        usage: { promptTokens: 20_000 + 80 * 1500, sampledTokens: 40_000, trainedTokens: 80 * 1500 },
      },
      highest: { usage: { promptTokens: 20_000 + 80 * 1500 } },
    });
    expect(estimate(training, facts).likely).not.toHaveProperty('costUsd');
    const withoutKl = { ...training, model: { server: 'skyrl', model: 'm' } };
    expect(estimate(withoutKl, facts).likely.usage.promptTokens).toBe(20_000);
    const inPairs = { ...withoutKl, model: { ...withoutKl.model, samplesPerRequest: 2 } };
    expect(estimate(inPairs, facts).likely.usage.promptTokens).toBe(40_000);
    expect(estimate({ ...training, method: 'puct' }, facts).likely.usage.trainedTokens).toBe(0);
  });

  it('takes no tokens without a model', () => {
    expect(estimate({ ...options, policy: 'tunables' }, facts).likely.usage).toEqual({
      promptTokens: 0,
      sampledTokens: 0,
      trainedTokens: 0,
    });
  });

  it.each([
    [{ maxEvaluations: 42 }, 'evaluations', 40],
    [{ maxTokens: 15_000 }, 'tokens', 10],
    [{ maxCostUsd: 0.02 }, 'cost', 10],
    [{ maxTimeMs: 6000 }, 'time', 10],
    [{ maxTokens: 15_000, maxEvaluations: 7 }, 'evaluations', 5],
    [{ maxEvaluations: 1 }, 'evaluations', 0],
  ] as const)('with %j ends by %s after %d candidates', (budget, endedBy, candidates) => {
    expect(estimate({ ...options, ...budget }, facts).likely).toMatchObject({ endedBy, candidates });
  });

  it('counts a run of its parent for each group whose children are compared with it', () => {
    const compared = { ...facts, runsParents: true };
    expect(estimate(options, compared).likely).toMatchObject({
      candidates: 80,
      parentRuns: 20,
      usage: { promptTokens: 80_000 },
      evaluationMs: (82 + 20) * 500,
    });
    expect(estimate({ ...options, maxEvaluations: 42 }, compared).likely).toMatchObject({
      endedBy: 'evaluations',
      candidates: 32,
      parentRuns: 8,
    });
    expect(estimate({ ...options, maxEvaluations: 102 }, compared).likely).not.toHaveProperty('endedBy');
    expect(estimate({ ...options, maxTimeMs: 6000 }, compared).likely).toMatchObject({
      candidates: 8,
      parentRuns: 2,
    });
  });

  it('has no more evaluations than it may, runs of parents among them', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.nat(100_000),
        fc.integer({ min: 1, max: 9 }),
        (most, maxTimeMs, groupSize) => {
          const limited = { ...options, groupSize, maxEvaluations: most };
          const { candidates, parentRuns } = estimate(limited, { ...facts, runsParents: true }).likely;
          expect(parentRuns).toBe(Math.ceil(candidates / groupSize));
          if (candidates > 0) expect(candidates + parentRuns + 2).toBeLessThanOrEqual(most);
          const timed = estimate(
            { ...options, groupSize, maxTimeMs },
            { ...facts, runsParents: true },
          ).likely;
          if (timed.candidates > 0) expect(timed.evaluationMs ?? NaN).toBeLessThanOrEqual(maxTimeMs);
        },
      ),
    );
  });

  it('is in order, whole, and within every budget', () => {
    const amount = fc.tuple(fc.nat(100_000), fc.nat(100_000), fc.nat(100_000)).map((numbers) => {
      const [lowest = 0, likely = 0, highest = 0] = numbers.toSorted((a, b) => a - b);
      return { lowest, likely, highest };
    });
    fc.assert(
      fc.property(
        fc.record({ promptTokens: amount, sampledTokensPerCandidate: amount, evaluationMs: amount }),
        fc.constantFrom('openai', 'tinker', 'tunables'),
        fc.constantFrom('ttt-discover', 'puct', 'best-of-n'),
        fc.option(fc.integer({ min: 1, max: 10_000_000 }), { nil: undefined }),
        (guessed, policy, method, maxTokens) => {
          const limits = maxTokens === undefined ? {} : { maxTokens };
          const { lowest, likely, highest } = estimate({ ...options, policy, method, ...limits }, guessed);
          for (const { usage: used, costUsd: usd, candidates, evaluationMs } of [lowest, likely, highest]) {
            const all = used.promptTokens + used.sampledTokens + used.trainedTokens;
            expect(Number.isSafeInteger(all) && all >= 0).toBe(true);
            expect(Number.isFinite(usd) && Number.isFinite(evaluationMs)).toBe(true);
            expect(candidates).toBeLessThanOrEqual(80);
            // Each kind is rounded.
            if (maxTokens !== undefined) expect(all).toBeLessThanOrEqual(maxTokens + 2);
          }
          if (maxTokens === undefined) {
            expect(lowest.usage.sampledTokens).toBeLessThanOrEqual(likely.usage.sampledTokens);
            expect(likely.costUsd ?? 0).toBeLessThanOrEqual(highest.costUsd ?? 0);
          }
        },
      ),
    );
  });
});

describe('the guesses of tokens', () => {
  it('are in order and within the limits that are set', () => {
    const limit = fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: undefined });
    fc.assert(
      fc.property(fc.nat(500_000), fc.nat(500_000), limit, limit, (prompt, program, maxTokens, context) => {
        const model = {
          server: 'skyrl',
          model: 'm',
          ...(maxTokens !== undefined && { maxTokens }),
          ...(context !== undefined && { contextTokens: context }),
        };
        const sizes = { promptCharacters: prompt, programCharacters: program };
        const { promptTokens, sampledTokensPerCandidate } = guessTokens({ ...options, model }, sizes);
        for (const { lowest, likely, highest } of [promptTokens, sampledTokensPerCandidate]) {
          expect(lowest).toBeLessThanOrEqual(likely);
          expect(likely).toBeLessThanOrEqual(highest);
        }
        expect(sampledTokensPerCandidate.lowest).toBeGreaterThanOrEqual(1);
        if (maxTokens !== undefined) expect(sampledTokensPerCandidate.highest).toBeLessThanOrEqual(maxTokens);
      }),
    );
  });
});
