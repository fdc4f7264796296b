import type { Problem } from '../../domain/problem/problem';
import type { SessionOptions, SessionOverrides } from '../../domain/session/options';

/** What decides how a session runs: the user's choice, else the problem's, else the host's. */
export function resolveOptions(
  problem: Problem,
  overrides: SessionOverrides,
  host: { readonly randomSeed: number; readonly processors: number },
): SessionOptions {
  const { session, limits } = problem;
  const maxTimeMs = overrides.maxTimeMs ?? session.maxTimeMs;
  // One GPU program at a time measures right; more is the user's choice.
  const atOnce = limits.gpus > 0 ? 1 : Math.max(1, Math.floor(host.processors / Math.max(1, limits.cpus)));
  return {
    method: overrides.method ?? session.method,
    policy: overrides.policy ?? session.policy,
    seed: overrides.seed ?? host.randomSeed,
    steps: overrides.steps ?? session.steps,
    groups: overrides.groups ?? session.groups,
    groupSize: overrides.groupSize ?? session.groupSize,
    concurrency: overrides.concurrency ?? atOnce,
    visits: overrides.visits ?? 'rollouts',
    ...(maxTimeMs === undefined ? {} : { maxTimeMs }),
  };
}
