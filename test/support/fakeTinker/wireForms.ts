import { z } from 'zod';
import { messageFromJson, messageToJson } from './protoSchema';
import type { Result } from './engine';
import { HttpRefusal } from './state';
import type { DatumLoss, ToyDatum } from './toyPolicy';

export interface TrainingBody {
  readonly modelId: string;
  readonly seqId: number;
  readonly loss: string;
  readonly forwardOnly: boolean;
  readonly data: readonly ToyDatum[];
}

const tensor = z.object({ data: z.array(z.number()), dtype: z.string().optional() });
const input = z.object({
  loss_fn: z.string(),
  loss_fn_config: z.record(z.string(), z.number()).nullish(),
  data: z.array(
    z.object({
      model_input: z.object({ chunks: z.array(z.object({ tokens: z.array(z.number().int()) })) }),
      loss_fn_inputs: z.record(z.string(), tensor),
    }),
  ),
});
const jsonBody = z.object({
  model_id: z.string(),
  seq_id: z.number().int(),
  forward_backward_input: input.optional(),
  forward_input: input.optional(),
});

/** The JSON form of training requests. 422 if it is another. */
export function trainingFromJson(json: unknown, forwardOnly: boolean): TrainingBody {
  const parsed = jsonBody.safeParse(json);
  const found = parsed.data?.[forwardOnly ? 'forward_input' : 'forward_backward_input'];
  if (!parsed.success || !found)
    unprocessable(json, forwardOnly ? 'forward_input' : 'forward_backward_input');
  if (found.loss_fn_config && ['cross_entropy', 'importance_sampling'].includes(found.loss_fn)) {
    unprocessable(json, 'loss_fn_config');
  }
  return {
    modelId: parsed.data.model_id,
    seqId: parsed.data.seq_id,
    loss: found.loss_fn,
    forwardOnly,
    data: found.data.map(({ model_input, loss_fn_inputs }) =>
      datum(
        model_input.chunks.flatMap(({ tokens }) => tokens),
        Object.fromEntries(Object.entries(loss_fn_inputs).map(([key, { data }]) => [key, data])),
      ),
    ),
  };
}

const protoBody = z.object({
  modelId: z.string(),
  seqId: z.number().int(),
  lossFn: z.string(),
  forwardOnly: z.boolean().default(false),
  data: z
    .array(
      z.object({
        modelInput: z.array(z.object({ encodedText: z.object({ tokens: z.string() }) })),
        lossFnInputs: z.record(
          z.string(),
          z.object({
            dense: z.string(),
            dtype: z.enum(['DTYPE_FLOAT32', 'DTYPE_INT64']),
            shape: z.array(z.string()),
          }),
        ),
      }),
    )
    .default([]),
});

/** The protobuf form. */
export function trainingFromProto(bytes: Uint8Array): TrainingBody {
  const body = protoBody.parse(messageToJson('ForwardBackwardRequest', bytes));
  return {
    modelId: body.modelId,
    seqId: body.seqId,
    loss: body.lossFn,
    forwardOnly: body.forwardOnly,
    data: body.data.map(({ modelInput, lossFnInputs }) =>
      datum(
        modelInput.flatMap(({ encodedText }) => [...int32s(encodedText.tokens)]),
        Object.fromEntries(
          Object.entries(lossFnInputs).map(([key, { dense, dtype }]) => [
            key,
            dtype === 'DTYPE_INT64' ? int64s(dense) : [...float32s(dense)],
          ]),
        ),
      ),
    ),
  };
}

function datum(tokens: readonly number[], inputs: Readonly<Record<string, readonly number[]>>): ToyDatum {
  const targets = inputs['target_tokens'] ?? [];
  return {
    input: tokens,
    targets,
    // Omitted weights mean all ones, the prompt included.
    weights: inputs['weights'] ?? targets.map(() => 1),
    logprobs: inputs['logprobs'],
    advantages: inputs['advantages'],
  };
}

function unprocessable(body: unknown, field: string): never {
  throw new HttpRefusal(422, {
    detail: [{ type: 'missing', loc: ['body', field], msg: 'Field required', input: body }],
  });
}

const aligned = (base64: string): ArrayBuffer => Uint8Array.from(Buffer.from(base64, 'base64')).buffer;
const int32s = (base64: string): Int32Array => new Int32Array(aligned(base64));
const float32s = (base64: string): Float32Array => new Float32Array(aligned(base64));
const int64s = (base64: string): number[] => [...new BigInt64Array(aligned(base64))].map(Number);
const bytesOf = (array: { buffer: ArrayBufferLike }): string => Buffer.from(array.buffer).toString('base64');
const noNaN = (values: readonly number[]): (number | null)[] =>
  values.map((v) => (Number.isFinite(v) ? v : null));

export function forwardResult(
  losses: readonly DatumLoss[],
  metrics: Readonly<Record<string, number>>,
): Result {
  const batched = (rows: readonly number[][]) => {
    let offset = 0n;
    const offsets = [0n, ...rows.map((row) => (offset += BigInt(4 * row.length)))];
    return {
      data: bytesOf(Float32Array.from(rows.flat())),
      offsets: bytesOf(BigInt64Array.from(offsets)),
      dtype: 'DTYPE_FLOAT32',
    };
  };
  const tensorJson = (row: readonly number[]) => ({
    data: noNaN(row),
    dtype: 'float32',
    shape: [row.length],
  });
  return {
    json: {
      loss_fn_output_type: 'scalar',
      loss_fn_outputs: losses.map(({ logprobs, elementwiseLoss }) => ({
        elementwise_loss: tensorJson(elementwiseLoss),
        logprobs: tensorJson(logprobs),
      })),
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, v]) => [name, Number.isFinite(v) ? v : null]),
      ),
    },
    protobuf: messageFromJson('ForwardBackwardOutput', {
      lossFnOutputType: 'scalar',
      lossFnOutputs: [
        {
          fields: {
            logprobs: batched(losses.map(({ logprobs }) => logprobs)),
            elementwise_loss: batched(losses.map(({ elementwiseLoss }) => elementwiseLoss)),
          },
          numDatums: String(losses.length),
        },
      ],
      metrics: Object.fromEntries(
        Object.entries(metrics).map(([name, v]) => [name, Number.isFinite(v) ? v : 'NaN']),
      ),
    }),
  };
}

export interface Sampled {
  readonly tokens: number[];
  readonly logprobs: number[];
  readonly stopped: boolean;
}

export function sampleResult(
  sequences: readonly Sampled[],
  promptLogprobs: readonly number[] | undefined,
): Result {
  return {
    json: {
      sequences: sequences.map(({ tokens, logprobs, stopped }) => ({
        stop_reason: stopped ? 'stop' : 'length',
        tokens,
        logprobs: noNaN(logprobs),
      })),
      prompt_logprobs: promptLogprobs ? noNaN(promptLogprobs) : null,
      topk_prompt_logprobs: null,
    },
    protobuf: messageFromJson('SampleResponse', {
      sequences: sequences.map(({ tokens, logprobs, stopped }) => ({
        stopReason: stopped ? 'STOP_REASON_STOP' : 'STOP_REASON_LENGTH',
        tokens: bytesOf(Int32Array.from(tokens)),
        logprobs: bytesOf(Float32Array.from(logprobs)),
      })),
      ...(promptLogprobs && { promptLogprobs: bytesOf(Float32Array.from(promptLogprobs)) }),
    }),
  };
}
