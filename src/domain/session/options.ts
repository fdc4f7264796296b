import * as z from 'zod';
import { advantageEstimators, methods, policies, visitCounts } from '../problem/problem';
import { modelSettings } from './modelSettings';

export { advantageEstimators } from '../problem/problem';

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
  /** Most evaluations, the initial ones included. */
  maxEvaluations: z.int().min(1).optional(),
  /** Most tokens: prompts, samples and training together. */
  maxTokens: z.int().min(1).optional(),
  /** Most money, in US dollars, by the model's prices. */
  maxCostUsd: z.number().positive().optional(),
  /** The session ends when this many steps in a row brought no better candidate. */
  patienceSteps: z.int().min(1).optional(),
  /** Evaluations at once. */
  concurrency: z.int().min(1),
  /** What PUCT counts: rollouts as the reference code does, expansions as the paper's text does. */
  visits: z.enum(visitCounts),
  /** How rewards of a group become advantages; absent in older journals: `adaptive-entropic`. */
  advantage: z.enum(advantageEstimators).optional(),
  /** β of the `entropic` estimator, in units of 1 / reward. */
  entropicBeta: z.number().min(0).optional(),
  /** How many updates the weights may be behind that a step is sampled with; 0: sampling waits for the update. */
  maxStepsOffPolicy: z.int().min(0).max(1).optional(),
  /** False: each candidate is run, also where the outcome of the same evaluation is known. */
  reuse: z.boolean().optional(),
  /**
   * `none`: the user agreed that evaluations run without isolation; otherwise they are isolated, or the session does not begin.
   */
  isolation: z.enum(['auto', 'none']).optional(),
  /** The language model, for the policies that have one. */
  model: modelSettings.optional(),
});
export type SessionOptions = z.infer<typeof sessionOptions>;

/** What a user may override at start; the rest comes from the problem file and the host. */
export const sessionOverrides = sessionOptions
  .partial()
  .extend({ model: modelSettings.partial().optional() });
export type SessionOverrides = z.infer<typeof sessionOverrides>;
