import { describe, expect, it } from 'vitest';
import {
  NonFiniteLogprobError,
  OperationFailedError,
  TinkerAnswerError,
  TinkerUsageError,
} from '../../../../src/policy/tinker/client/errors';
import { baseModel } from '../../../support/fakeTinker/state';
import { adam, allModes, datum, failureOf, never, skyrlModes, startModel } from './setup';

const importance = { name: 'importance_sampling' } as const;
const crossEntropy = { name: 'cross_entropy' } as const;
const prompt = [1, 2];

describe.each(allModes)('training on a server of kind %s', (mode) => {
  it('gives the log-probabilities that the sampler gave', async () => {
    const { model } = await startModel(mode);
    const sampler = await model.saveForSampler(never);
    const { sequences } = await sampler.sample({ prompt, numSamples: 3, maxTokens: 5, seed: 1 }, never);
    const data = sequences.map(({ tokens, logprobs }) => datum(tokens, logprobs, 1));
    const { outputs } = await model.forwardBackward(data, importance, never);
    expect(outputs).toHaveLength(3);
    outputs.forEach(({ logprobs, elementwiseLoss }, index) => {
      const sampled = sequences[index]!.logprobs;
      expect(logprobs).toHaveLength(6);
      logprobs.slice(1).forEach((value, at) => expect(value).toBeCloseTo(sampled[at]!, 5));
      // The ratio is 1, so the loss is minus the advantage, where the weight is 1.
      elementwiseLoss!.slice(1).forEach((value) => expect(value).toBeCloseTo(-1, 4));
      if (mode !== 'hosted') expect(elementwiseLoss![0]).toBeCloseTo(0);
    });
  });

  it('raises the probability of what was rewarded', async () => {
    const { model } = await startModel(mode);
    const one = [datum([3, 4], [-2, -2], 1)];
    const before = await model.forward(one, crossEntropy, never);
    for (let step = 0; step < 5; step += 1) {
      const gradients = model.forwardBackward(one, crossEntropy, never);
      const metrics = model.optimStep(adam, never);
      await gradients;
      expect((await metrics)['skyrl.ai/grad_norm']).toBeGreaterThan(0);
    }
    const after = await model.forward(one, crossEntropy, never);
    expect(after.outputs[0]!.logprobs[2]).toBeGreaterThan(before.outputs[0]!.logprobs[2]! + 0.3);
  });

  it('leaves the weights alone at learning rate 0', async () => {
    const { model } = await startModel(mode);
    const one = [datum([3, 4], [-2, -2], 1)];
    const { outputs: before } = await model.forwardBackward(one, importance, never);
    await model.optimStep({ learningRate: 0 }, never);
    const { outputs: after } = await model.forward(one, importance, never);
    expect(after).toEqual(before);
  });

  it('begins as exactly the base model', async () => {
    const { model, session } = await startModel(mode);
    const base = await session.sampleBase(baseModel, never);
    const full = [...prompt, 3, 4, 5];
    const { promptLogprobs } = await base.sample(
      { prompt: full, numSamples: 1, maxTokens: 1, promptLogprobs: true },
      never,
    );
    const { outputs } = await model.forward([datum([3, 4, 5], [0, 0, 0], 0)], crossEntropy, never);
    expect(promptLogprobs).toHaveLength(4);
    outputs[0]!.logprobs.forEach((value, at) => expect(value).toBeCloseTo(promptLogprobs![at]!, 5));
  });

  it('names a result that is not that of its request', async () => {
    const { model, server } = await startModel(mode);
    const tensor = { data: [-1], dtype: 'float32', shape: [1] };
    const results: [object, string][] = [
      [{ loss_fn_outputs: [], metrics: {} }, '0 outputs for 1 datums'],
      [{ loss_fn_outputs: [{}], metrics: {} }, 'output 0 has no logprobs'],
      [{ loss_fn_outputs: [{ logprobs: tensor }], metrics: {} }, '1 logprobs for 3 tokens'],
      [{ loss_fn_outputs: [{ logprobs: 5 }] }, 'loss_fn_outputs.0.logprobs'],
      [{ loss_fn_outputs: 'x' }, 'loss_fn_outputs'],
    ];
    for (const [result, wrong] of results) {
      server.faults.next('/retrieve_future', { kind: 'answer', status: 200, body: result });
      const failure = await failureOf(model.forwardBackward([datum([3, 4], [-1, -1], 1)], importance, never));
      expect(failure).toBeInstanceOf(TinkerAnswerError);
      expect(failure.message).toContain(wrong);
    }
  });

  it('names a NaN log-probability and its place', async () => {
    const { model } = await startModel(mode);
    const failure = await failureOf(model.forwardBackward([datum([3, 99], [-1, -1], 1)], importance, never));
    expect(failure).toBeInstanceOf(NonFiniteLogprobError);
    expect(failure.message).toContain('datum 0, position 2');
  });
});

describe('weights', () => {
  it.each(skyrlModes)('go to a %s server, so that the prompt does not count', async (mode) => {
    const { model, server } = await startModel(mode);
    const one = datum([3, 4], [-2, -2], 1);
    await model.forwardBackward([one], crossEntropy, never);
    const masked = await model.optimStep({ learningRate: 0 }, never);
    await model.forwardBackward([{ ...one, weights: [1, 1, 1] }], crossEntropy, never);
    const unmasked = await model.optimStep({ learningRate: 0 }, never);
    expect(masked['skyrl.ai/grad_norm']).not.toBeCloseTo(unmasked['skyrl.ai/grad_norm']!, 3);
    expect(server.seenAt('/forward_backward')[0]!.bytes.toString('latin1')).toContain('weights');
  });

  it('stay here with a hosted server and an importance-sampling loss, and go with cross entropy', async () => {
    const { model, server } = await startModel('hosted');
    await model.forwardBackward([datum([3], [-2], 1)], importance, never);
    await model.forwardBackward([datum([3], [-2], 1)], crossEntropy, never);
    const [rl, ce] = server.seenAt('/forward_backward').map(({ bytes }) => bytes.toString('latin1'));
    expect(rl).not.toContain('weights');
    expect(ce).toContain('weights');
  });
});

describe('the form of training data', () => {
  it('is JSON for servers that describe a JSON body, protobuf for all others', async () => {
    const types: Record<string, string | undefined> = {};
    for (const mode of allModes) {
      const { model, server } = await startModel(mode);
      await model.forwardBackward([datum([3], [-2], 1)], importance, never);
      types[mode] = server.seenAt('/forward_backward')[0]!.headers['content-type'];
    }
    expect(types).toEqual({
      'json-only': 'application/json',
      both: 'application/x-protobuf',
      'proto-only': 'application/x-protobuf',
      hosted: 'application/x-protobuf',
    });
  });

  it('carries the same numbers in both forms', async () => {
    const results: Float64Array[] = [];
    for (const wire of ['proto', 'json'] as const) {
      const { model } = await startModel('both', {}, { wire });
      const { outputs } = await model.forwardBackward([datum([3, 4], [-2, -1.5], 0.7)], importance, never);
      results.push(outputs[0]!.elementwiseLoss!, outputs[0]!.logprobs);
    }
    results[0]!.forEach((value, at) => expect(value).toBeCloseTo(results[2]![at]!, 6));
    results[1]!.forEach((value, at) => expect(value).toBeCloseTo(results[3]![at]!, 6));
  });

  it('changes once when the server answers 415, with the same number', async () => {
    const { model, server } = await startModel('json-only');
    server.faults.next('/forward_backward', { kind: 'answer', status: 415, body: { detail: 'no' } });
    const refused = failureOf(model.forwardBackward([datum([3], [-2], 1)], importance, never));
    // The server told us JSON, refused it, and cannot read the other form either.
    expect((await refused).message).toContain('JSON body expected');
    const types = server.seenAt('/forward_backward').map(({ headers }) => headers['content-type']);
    expect(types).toEqual(['application/json', 'application/x-protobuf']);
  });

  it('falls back to JSON where protobuf is refused with 415', async () => {
    const { model, server } = await startModel('both');
    server.faults.next('/forward_backward', { kind: 'answer', status: 415, body: { detail: 'no' } });
    await model.forwardBackward([datum([3], [-2], 1)], importance, never);
    await model.optimStep(adam, never);
    expect(server.seenAt('/forward_backward')[1]!.json).toMatchObject({ seq_id: 1 });
    expect(server.seenAt('/optim_step')[0]!.json).toMatchObject({ seq_id: 2 });
  });

  it('goes to /forward in JSON, and to /forward_backward in protobuf', async () => {
    for (const [mode, path] of [
      ['json-only', '/forward'],
      ['proto-only', '/forward_backward'],
    ] as const) {
      const { model, server } = await startModel(mode);
      await model.forward([datum([3], [-2], 1)], crossEntropy, never);
      await model.optimStep({ learningRate: 1 }, never);
      expect(server.seenAt(path)).toHaveLength(1);
      expect(server.engine.ran).toContain('forward');
    }
  });

  it('can be set, and so can the kind of server', async () => {
    const { client, server } = await startModel('both', {}, { wire: 'json', server: 'skyrl' });
    expect(await client.dialect(never)).toEqual({ wire: 'json', server: 'skyrl' });
    expect(server.seenAt('/openapi.json')).toHaveLength(0);
  });

  it('takes an error as JSON where protobuf was asked for', async () => {
    const { model, server } = await startModel('proto-only');
    server.engine.hold();
    const failing = failureOf(model.forwardBackward([datum([3], [-2], 1)], importance, never));
    await expect.poll(() => server.seenAt('/retrieve_future').length).toBeGreaterThan(0);
    server.faults.next('/retrieve_future', {
      kind: 'answer',
      status: 400,
      body: { detail: 'gspo is not supported' },
    });
    expect(await failing).toBeInstanceOf(OperationFailedError);
    expect((await failing).message).toContain('gspo is not supported');
  });
});

describe('data that servers get silently wrong', () => {
  const good = datum([3, 4], [-1, -1], 1);
  it.each([
    ['an empty batch', []],
    ['no tokens', [{ ...good, inputTokens: [] }]],
    ['arrays of unequal length', [{ ...good, advantages: [0, 1] }]],
    ['unequal targets', [{ ...good, targetTokens: [2, 3] }]],
    ['missing log-probabilities', [{ inputTokens: [1], targetTokens: [2], weights: [1], advantages: [1] }]],
    ['a NaN advantage', [{ ...good, advantages: [0, NaN, 1] }]],
    ['a negative weight', [{ ...good, weights: [0, -1, 1] }]],
    ['only zero weights', [{ ...good, weights: [0, 0, 0], advantages: [0, 0, 0] }]],
    ['an advantage on a masked token', [{ ...good, advantages: [1, 1, 1] }]],
    ['a token that is none', [{ ...good, inputTokens: [1, 2.5, 3] }]],
  ])('is refused before it is sent: %s', async (_name, data) => {
    const { model, server } = await startModel('both');
    expect(await failureOf(model.forwardBackward(data, importance, never))).toBeInstanceOf(TinkerUsageError);
    expect(server.seenAt('/forward_backward')).toHaveLength(0);
  });
});
