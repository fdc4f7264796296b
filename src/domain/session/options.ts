import * as z from 'zod';
import { methods, policies } from '../problem/problem';

/** Everything that decides how a session runs, resolved: the problem file's `session:` with the user's overrides on top. */
export const sessionOptions = z.object({
  method: z.enum(methods),
  policy: z.enum(policies),
  /** Every random choice derives from it. */
  seed: z.int().min(0).max(0xffff_ffff),
  steps: z.int().min(1),
  groups: z.int().min(1),
  groupSize: z.int().min(3),
  /** Wall-clock budget over all runs of the session, pauses not counted. */
  maxTimeMs: z.number().positive().optional(),
  /** Evaluations at once. */
  concurrency: z.int().min(1),
  /** What PUCT counts: rollouts as the reference code does, expansions as the paper's text does. */
  visits: z.enum(['rollouts', 'expansions']),
});
export type SessionOptions = z.infer<typeof sessionOptions>;

/** What a user may override at start; the rest comes from the problem file and the host. */
export const sessionOverrides = sessionOptions.partial();
export type SessionOverrides = z.infer<typeof sessionOverrides>;
