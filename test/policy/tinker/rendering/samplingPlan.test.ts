import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { tokenAdvantages } from '../../../../src/policy/tinker/rendering/action';
import {
  PromptTooLongError,
  RenderingSettingsError,
  UnexpectedSampleError,
} from '../../../../src/policy/tinker/rendering/errors';
import { harmonyRenderer } from '../../../../src/policy/tinker/rendering/harmony';
import {
  defaultTwoPhaseLimits,
  powerOfTwoAtMost,
  type SamplingLimits,
} from '../../../../src/policy/tinker/rendering/samplingLimits';
import {
  beginSampling,
  continueSampling,
  type SampleWanted,
  type SamplingState,
} from '../../../../src/policy/tinker/rendering/samplingPlan';
import { harmonyTokenizer } from './tinyTokenizer';

const limits = defaultTwoPhaseLimits;
const stop = 7;
const forced = [91, 92, 93];
/** Of a format that forces three tokens, unless the answer has a 5: then the final answer has begun. */
const format = {
  stopTokens: [stop],
  forcedTokens: (answer: readonly number[]) => (answer.includes(5) ? [] : forced),
};
const prompt = (length: number) => Array.from({ length }, () => 1);
const sample = (tokens: readonly number[], stopReason: 'stop' | 'length' = 'length') => ({
  tokens,
  logprobs: Float64Array.from(tokens, (token) => -token / 8),
  stopReason,
});
const full = (wanted: SampleWanted, token = 2) =>
  sample(Array.from({ length: wanted.maxTokens }, () => token));
function wantsMore(state: SamplingState): SampleWanted {
  if (state.kind === 'done') throw new Error('nothing more is wanted');
  return state;
}
function finished(state: SamplingState) {
  if (state.kind === 'sample') throw new Error('more is wanted');
  return state.action;
}

describe('the first phase', () => {
  it('has what the prompt leaves of 26,000 tokens', () => {
    const wanted = beginSampling(prompt(1_000), limits);
    expect(wanted).toMatchObject({ phase: 1, maxTokens: 25_000 });
    expect(wanted.tokens).toEqual(prompt(1_000));
    expect(beginSampling(prompt(25_999), limits).maxTokens).toBe(1);
  });

  it('refuses a prompt that leaves nothing', () => {
    expect(() => beginSampling(prompt(26_000), limits)).toThrow(PromptTooLongError);
    expect(() => beginSampling(prompt(26_000), limits)).toThrow('26000 tokens');
  });

  it('is all, if the answer ended', () => {
    const wanted = beginSampling(prompt(10), limits);
    for (const ended of [sample([2, 3, stop], 'stop'), sample([2, 3], 'stop')]) {
      const action = finished(continueSampling(wanted, ended, format, limits));
      expect(action.tokens).toEqual(ended.tokens);
      expect(action.stopReason).toBe('stop');
    }
    const early = finished(continueSampling(wanted, sample([2, 3]), format, limits));
    expect(early).toMatchObject({ tokens: [2, 3], stopReason: 'length' });
  });

  it('is all, if its very last token is a stop token', () => {
    const wanted = beginSampling(prompt(25_997), limits);
    expect(finished(continueSampling(wanted, sample([2, 3, stop]), format, limits)).stopReason).toBe('stop');
    expect(finished(continueSampling(wanted, sample([2, 3, 4], 'stop'), format, limits)).stopReason).toBe(
      'stop',
    );
  });
});

describe('the second phase', () => {
  it('goes on behind the forced tokens, with the rest of 32,768 less 50', () => {
    const first = beginSampling(prompt(1_000), limits);
    const answer = full(first);
    const second = wantsMore(continueSampling(first, answer, format, limits));
    expect(second.phase).toBe(2);
    expect(second.maxTokens).toBe(32_768 - 1_000 - 25_000 - 3 - 50);
    expect(second.tokens).toEqual([...prompt(1_000), ...answer.tokens, ...forced]);
  });

  it('forces nothing once the final answer has begun', () => {
    const first = beginSampling(prompt(1_000), limits);
    const second = wantsMore(continueSampling(first, full(first, 5), format, limits));
    expect(second.maxTokens).toBe(32_768 - 1_000 - 25_000 - 50);
    expect(second.tokens).toHaveLength(26_000);
  });

  it('keeps the sampled ids, and gives forced tokens no weight, advantage or log-probability', () => {
    const first = beginSampling(prompt(25_998), limits);
    const second = wantsMore(continueSampling(first, sample([2, 3]), format, limits));
    const action = finished(continueSampling(second, sample([4, stop], 'stop'), format, limits));
    expect(action.tokens).toEqual([2, 3, 91, 92, 93, 4, stop]);
    expect([...action.logprobs]).toEqual([-0.25, -0.375, 0, 0, 0, -0.5, -0.875]);
    expect([...action.weights]).toEqual([1, 1, 0, 0, 0, 1, 1]);
    expect([...tokenAdvantages(action, -1.5)]).toEqual([-1.5, -1.5, 0, 0, 0, -1.5, -1.5]);
    expect(action.stopReason).toBe('stop');
  });

  it('ends as cut if its budget ends first', () => {
    const tight = { ...limits, contextTokens: 26_060 };
    const first = beginSampling(prompt(25_998), tight);
    const second = wantsMore(continueSampling(first, sample([2, 3]), format, tight));
    expect(second.maxTokens).toBe(7);
    expect(finished(continueSampling(second, full(second), format, tight)).stopReason).toBe('length');
  });

  it('is left out, forced tokens too, where the context has no room', () => {
    for (const contextTokens of [26_050, 26_053]) {
      const tight = { ...limits, contextTokens };
      const first = beginSampling(prompt(25_998), tight);
      const action = finished(continueSampling(first, sample([2, 3]), format, tight));
      expect(action).toMatchObject({ tokens: [2, 3], stopReason: 'length' });
      expect([...action.weights]).toEqual([1, 1]);
    }
  });

  it('brings a cut harmony answer to its final channel', () => {
    const tokenizer = harmonyTokenizer();
    const renderer = harmonyRenderer(tokenizer, { reasoningEffort: 'high' });
    const thinking = [200_005, 35_644, 200_008, ...tokenizer.encodeText('Hm')];
    const start = renderer.render({ user: 'Sort.' });
    const small = { ...limits, firstPhaseTokens: start.length + thinking.length };
    const second = wantsMore(
      continueSampling(beginSampling(start, small), sample(thinking), renderer, small),
    );
    const done = continueSampling(
      second,
      sample([...tokenizer.encodeText('Done.'), 200_002], 'stop'),
      renderer,
      small,
    );
    const action = finished(done);
    expect(renderer.parse(action.tokens)).toMatchObject({ answer: 'Done.', finished: true, problems: [] });
    const masked = action.tokens.filter((_, index) => action.weights[index] === 0);
    expect(masked.slice(-6)).toEqual([200_007, 200_006, 173_781, 200_005, 17_196, 200_008]);
    expect(tokenizer.decode(masked)).toMatch(/^\n\n\.\.\. okay, I am out of thinking tokens/);
  });
});

describe('one phase', () => {
  const onePhase: SamplingLimits = {
    kind: 'one-phase',
    contextTokens: 32_768,
    bufferTokens: 50,
    answerTokens: 32_000,
  };

  it('has the answer length, or what the context leaves less 50', () => {
    expect(beginSampling(prompt(100), onePhase).maxTokens).toBe(32_000);
    expect(beginSampling(prompt(1_000), onePhase).maxTokens).toBe(31_718);
    expect(() => beginSampling(prompt(32_718), onePhase)).toThrow(PromptTooLongError);
  });

  it('forces nothing', () => {
    const wanted = beginSampling(prompt(1_000), { ...onePhase, answerTokens: 2 });
    expect(finished(continueSampling(wanted, sample([2, 3]), format, onePhase))).toMatchObject({
      stopReason: 'length',
    });
  });
});

describe('budgets', () => {
  it('can be rounded down, so that a server compiles for few sizes; the forced answer still comes', () => {
    const rounding = { ...limits, roundBudget: powerOfTwoAtMost };
    const first = beginSampling(prompt(1_000), rounding);
    expect(first.maxTokens).toBe(16_384);
    const second = wantsMore(continueSampling(first, full(first), format, rounding));
    expect(second.maxTokens).toBe(8_192);
  });

  it('never leave the context, whatever the sizes, and the masks fit the tokens', () => {
    fc.assert(
      fc.property(
        fc.record({
          promptTokens: fc.nat(120),
          contextTokens: fc.integer({ min: 61, max: 200 }),
          bufferTokens: fc.nat(10),
          firstPhaseTokens: fc.integer({ min: 1, max: 50 }),
          opened: fc.boolean(),
        }),
        ({ promptTokens, opened, ...sizes }) => {
          const some: SamplingLimits = { kind: 'two-phase', ...sizes };
          fc.pre(promptTokens < some.firstPhaseTokens);
          let state: SamplingState = beginSampling(prompt(promptTokens), some);
          let requests = 0;
          while (state.kind === 'sample') {
            requests += 1;
            expect(state.maxTokens).toBeGreaterThan(0);
            expect(state.tokens.length + state.maxTokens).toBeLessThanOrEqual(
              sizes.contextTokens - sizes.bufferTokens,
            );
            state = continueSampling(state, full(state, opened ? 5 : 2), format, some);
          }
          expect(requests).toBeLessThanOrEqual(2);
          const { tokens, logprobs, weights } = state.action;
          expect([logprobs.length, weights.length]).toEqual([tokens.length, tokens.length]);
          tokens.forEach((token, index) => {
            expect(weights[index]).toBe(forced.includes(token) ? 0 : 1);
            expect(logprobs[index]).toBe(forced.includes(token) ? 0 : -token / 8);
          });
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each([
    [{ contextTokens: 0 }],
    [{ bufferTokens: -1 }],
    [{ firstPhaseTokens: 1.5 }],
    [{ firstPhaseTokens: 32_719 }],
  ])('that mean nothing are refused: %j', (wrong) => {
    expect(() => beginSampling(prompt(1), { ...limits, ...wrong })).toThrow(RenderingSettingsError);
  });
});

describe('a sample that was not asked for', () => {
  it('is a named error', () => {
    const wanted = beginSampling(prompt(25_999), limits);
    expect(() => continueSampling(wanted, sample([2, 3]), format, limits)).toThrow(UnexpectedSampleError);
    const short = { ...sample([2]), logprobs: new Float64Array(0) };
    expect(() => continueSampling(wanted, short, format, limits)).toThrow(UnexpectedSampleError);
  });
});
