import * as z from 'zod';
import { raised } from '../pythonDriver/runDriver';

const positive = z.number().positive();
/** Microseconds of one call: until its stream is done, and until the whole device is. */
const callTime = z.tuple([positive, positive]);
const failures = [
  z.object({ kind: z.literal('unavailable'), error: raised }),
  z.object({ kind: z.literal('no-gpu') }),
  z.object({ kind: z.literal('bad-reference'), error: raised }),
  z.object({ kind: z.literal('wrong'), message: z.string() }),
  z.object({ kind: z.literal('raised'), error: raised }),
] as const;
export type BenchFailure = z.infer<(typeof failures)[number]>;

const measured = z.object({
  kind: z.literal('measured'),
  device: z.string(),
  seeds: z.array(
    z.object({
      times: z.array(callTime).min(1),
      trials: z.number().int().positive(),
      outputs: z.array(z.object({ shape: z.array(z.number().int().nonnegative()), dtype: z.string() })),
    }),
  ),
});
export type Measured = z.infer<typeof measured>;
/** What a run in the candidate's role reports. */
export const candidateVerdict = z.discriminatedUnion('kind', [...failures, measured]);

const judged = z.object({
  kind: z.literal('judged'),
  seeds: z.array(z.object({ times: z.array(callTime).min(1), wrong: z.string().nullable() })),
});
export type Judged = z.infer<typeof judged>;
/** What a run in the judge's role reports. */
export const judgeVerdict = z.discriminatedUnion('kind', [...failures, judged]);
