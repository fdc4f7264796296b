import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunked, combined, estimatedBytes } from '../../../../src/policy/tinker/client/chunks';
import { WireError } from '../../../../src/policy/tinker/client/wire/bytes';
import { decodeForwardOutput, decodeSample } from '../../../../src/policy/tinker/client/wire/decodeResults';
import { encodeForwardBackward } from '../../../../src/policy/tinker/client/wire/encodeForwardBackward';
import { messageToJson } from '../../../support/fakeTinker/protoSchema';
import { forwardResult, sampleResult, trainingFromProto } from '../../../support/fakeTinker/wireForms';
import { golden } from './goldenMessages';
import { datum } from './setup';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));

describe('protobuf messages, against those of the reference implementation', () => {
  it('writes a request that means the same', () => {
    const ours = encodeForwardBackward({
      modelId: 'model_ä1',
      seqId: 300,
      loss: { name: 'ppo', clip: { low: 0.8, high: 1.2 } },
      forwardOnly: true,
      server: 'skyrl',
      data: [
        {
          inputTokens: [1, 2, 70000],
          targetTokens: [2, 70000, 4],
          weights: [0, 1, 1],
          logprobs: [0, -0.5, -2.25],
          advantages: [0, 1.5, -1],
        },
        { inputTokens: [5], targetTokens: [6], weights: [1], logprobs: [-1], advantages: [2] },
      ],
    });
    expect(messageToJson('ForwardBackwardRequest', ours)).toEqual(
      messageToJson('ForwardBackwardRequest', bytes(golden.forwardBackwardRequest)),
    );
    // Only the order of map entries may differ.
    expect(ours.length).toBe(golden.forwardBackwardRequest.length / 2);
  });

  it('reads a training result of several records, in float32 and bfloat16, with datums that have no fields', () => {
    const { outputs, metrics } = decodeForwardOutput(bytes(golden.forwardBackwardOutput));
    expect(outputs).toEqual([
      { logprobs: Float64Array.of(-0.5, -1.5), elementwise_loss: Float64Array.of(1.5, -2) },
      { logprobs: Float64Array.of(-2), elementwise_loss: Float64Array.of(NaN) },
      { logprobs: Float64Array.of(-4) },
      {},
    ]);
    expect(metrics).toEqual({ 'loss:sum': 3.25 });
  });

  it('reads a sampling result, and skips the fields it does not use', () => {
    expect(decodeSample(bytes(golden.sampleResponse))).toEqual({
      sequences: [
        { stopReason: 'stop', tokens: [7, 200002], logprobs: Float64Array.of(-0.5, -1.25) },
        { stopReason: 'length', tokens: [9], logprobs: undefined },
      ],
      promptLogprobs: Float64Array.of(NaN, -0.25),
    });
  });

  it('reads back every request as it was', () => {
    const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 4,
      maxLength: 4,
    });
    const tokens = fc.array(fc.nat({ max: 2 ** 31 - 1 }), { minLength: 4, maxLength: 4 });
    const one = fc.record({
      inputTokens: tokens,
      targetTokens: tokens,
      weights: floats,
      logprobs: floats,
      advantages: floats,
    });
    fc.assert(
      fc.property(
        fc.array(one, { maxLength: 3 }),
        fc.nat({ max: 2 ** 31 - 1 }),
        fc.boolean(),
        (data, seqId, only) => {
          const loss = { name: 'importance_sampling' } as const;
          const sent = encodeForwardBackward({
            modelId: 'm',
            seqId,
            data,
            loss,
            forwardOnly: only,
            server: 'skyrl',
          });
          fc.pre(seqId !== 0);
          expect(trainingFromProto(sent)).toEqual({
            modelId: 'm',
            seqId,
            loss: 'importance_sampling',
            forwardOnly: only,
            data: data.map((d) => ({
              input: d.inputTokens,
              targets: d.targetTokens,
              weights: d.weights,
              logprobs: d.logprobs,
              advantages: d.advantages,
            })),
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('reads damaged bytes as an error of its own or as something else, and never fails otherwise', () => {
    const whole = [
      bytes(golden.forwardBackwardOutput),
      bytes(golden.sampleResponse),
      forwardResult([{ logprobs: [-1], elementwiseLoss: [1] }], {}).protobuf!,
      sampleResult([{ tokens: [1], logprobs: [-1], stopped: true }], [-1]).protobuf!,
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...whole),
        fc.nat(),
        fc.nat({ max: 255 }),
        fc.nat(),
        (from, at, value, cut) => {
          const damaged = from.slice(0, from.length - (cut % from.length));
          damaged[at % damaged.length] = value;
          for (const decode of [decodeForwardOutput, decodeSample]) {
            try {
              decode(damaged);
            } catch (error) {
              expect(error).toBeInstanceOf(WireError);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('chunks of a batch', () => {
  it('keep all datums in order and stay within the limits', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 50, max: 900 }),
        (all, datums, limit) => {
          const data = all.map((length) =>
            datum(Array<number>(length).fill(1), Array<number>(length).fill(-1), 1),
          );
          const chunks = chunked(data, { datums, bytes: limit });
          expect(chunks.flatMap((chunk) => chunk.data)).toEqual(data);
          for (const chunk of chunks) {
            expect(chunk.data.length).toBeLessThanOrEqual(datums);
            if (chunk.data.length > 1) expect(chunk.bytes).toBeLessThanOrEqual(limit);
          }
        },
      ),
    );
  });

  it('weigh 4 bytes a token and a float, 8 a target', () => {
    expect(estimatedBytes(datum([3, 4], [-1, -1], 1))).toBe(3 * (4 + 8 + 4 + 4 + 4));
  });

  it('add metrics up by their suffix, and leave out those that cannot be', () => {
    const output = { logprobs: new Float64Array() };
    const one = {
      'a:sum': 1,
      'b:mean': 1,
      'c:min': 1,
      'd:max': 1,
      'e:slack': 1,
      'f:unique': 1,
      'g:last': 1,
      h: 1,
    };
    const two = { ...one, 'a:sum': 4, 'b:mean': 4, 'c:min': 4, 'd:max': 4, 'e:slack': 4, 'f:unique': 4 };
    const { metrics, outputs } = combined([
      { outputs: [output], metrics: { ...one, 'only:sum': 1 } },
      { outputs: [output, output], metrics: two },
    ]);
    expect(outputs).toHaveLength(3);
    expect(metrics).toEqual({
      'a:sum': 5,
      'b:mean': 3,
      'c:min': 1,
      'd:max': 4,
      'e:slack': 1,
      'f:unique': 1,
      'f:unique_1': 4,
    });
  });
});
