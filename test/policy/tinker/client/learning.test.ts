import { describe, expect, it } from 'vitest';
import { answer, lostAnswer, reset } from '../../../support/fakeTinker/faults';
import { baseModel } from '../../../support/fakeTinker/state';
import { allModes, datum, never, startModel, type ModelFixture } from './setup';

const answerLength = 6;
const groupSize = 16;

/** The share of 5s in an answer. */
const rewardOf = (tokens: readonly number[]): number =>
  tokens.filter((token) => token === 5).length / tokens.length;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** One step: sample a group, train on its advantages. Gives the mean reward before the step. */
async function step({ model }: Pick<ModelFixture, 'model'>, number: number): Promise<number> {
  const sampler = await model.saveForSampler(never);
  const { sequences } = await sampler.sample(
    { prompt: [1, 2], numSamples: groupSize, maxTokens: answerLength, seed: 1000 * number },
    never,
  );
  const rewards = sequences.map(({ tokens }) => rewardOf(tokens));
  const data = sequences.map(({ tokens, logprobs }, index) =>
    datum(tokens, logprobs, rewards[index]! - mean(rewards)),
  );
  const [result] = await Promise.all([
    model.forwardBackward(data, { name: 'importance_sampling' }, never),
    model.optimStep({ learningRate: 0.3 }, never),
  ]);
  result.outputs.forEach(({ logprobs }, index) =>
    logprobs.slice(1).forEach((value, at) => expect(value).toBeCloseTo(sequences[index]!.logprobs[at]!, 4)),
  );
  return mean(rewards);
}

describe.each(allModes)('training by rewards on a server of kind %s', (mode) => {
  it('raises the reward', async () => {
    const fixture = await startModel(mode);
    const rewards: number[] = [];
    for (let number = 0; number < 20; number += 1) rewards.push(await step(fixture, number));
    expect(mean(rewards.slice(0, 2))).toBeLessThan(0.35);
    expect(mean(rewards.slice(-2))).toBeGreaterThan(0.85);
  });

  it('gives the same rewards when answers are lost, connections break, and the client resumes from a checkpoint', async () => {
    const calm = await startModel(mode);
    const expected: number[] = [];
    for (let number = 0; number < 8; number += 1) expected.push(await step(calm, number));

    const rough = await startModel(mode);
    const { server } = rough;
    let model = rough.model;
    const rewards: number[] = [];
    for (let number = 0; number < 8; number += 1) {
      for (const path of ['/forward_backward', '/optim_step', '/asample', '/retrieve_future']) {
        server.faults.next(
          path,
          number % 2 === 0 ? lostAnswer : reset,
          answer(503, { detail: 'restarting' }),
        );
      }
      server.faults.next('/save_weights_for_sampler', number % 2 === 0 ? lostAnswer : reset);
      rewards.push(await step({ model }, number));
      if (number === 4) {
        const path = await model.saveWeights('step-4', never);
        await model.unload(never);
        model = await rough.session.createModel({ baseModel, lora: { rank: 8 } }, never);
        await model.loadWeights(path, true, never);
      }
    }
    expect(rewards).toEqual(expected);
  });
});
