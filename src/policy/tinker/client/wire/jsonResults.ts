import * as z from 'zod';
import type { RawForwardOutput, RawSample } from './decodeResults';

/** JSON has no NaN: servers write null. */
const floats = z
  .array(z.number().nullable())
  .transform((values) => Float64Array.from(values, (v) => v ?? NaN));

const tensor = z.object({ data: floats });

/** The result of forward and forward_backward in JSON. Fields of a datum that are no tensors are dropped. */
export const forwardOutputJson: z.ZodType<RawForwardOutput> = z
  .object({
    loss_fn_outputs: z.array(z.record(z.string(), z.unknown())),
    metrics: z.record(z.string(), z.number().nullable()).nullish(),
  })
  .transform(({ loss_fn_outputs, metrics }, context) => ({
    outputs: loss_fn_outputs.map((fields, index) => {
      const datum: Record<string, Float64Array> = {};
      for (const [name, value] of Object.entries(fields)) {
        const parsed = tensor.safeParse(value);
        if (parsed.success) datum[name] = parsed.data.data;
        else if (name === 'logprobs') {
          context.addIssue({
            code: 'custom',
            message: 'not a tensor',
            path: ['loss_fn_outputs', index, name],
          });
        }
      }
      return datum;
    }),
    metrics: Object.fromEntries(Object.entries(metrics ?? {}).map(([key, value]) => [key, value ?? NaN])),
  }));

/** The result of asample in JSON. */
export const sampleJson: z.ZodType<RawSample> = z
  .object({
    sequences: z.array(
      z.object({
        stop_reason: z.enum(['stop', 'length']),
        tokens: z.array(z.number().int().nonnegative()),
        logprobs: floats.nullish(),
      }),
    ),
    prompt_logprobs: floats.nullish(),
  })
  .transform(({ sequences, prompt_logprobs }) => ({
    sequences: sequences.map(({ stop_reason, tokens, logprobs }) => ({
      stopReason: stop_reason,
      tokens,
      logprobs: logprobs ?? undefined,
    })),
    promptLogprobs: prompt_logprobs ?? undefined,
  }));
