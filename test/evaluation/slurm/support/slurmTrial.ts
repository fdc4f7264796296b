import { afterEach, expect, vi } from 'vitest';
import type { EvaluationReport, Evaluator } from '../../../../src/evaluation/evaluator';
import type { FakeCluster } from './fakeCluster';
import { quickPace, SlurmSession } from './slurmSession';

const sessions: SlurmSession[] = [];
/** Disposed of after the test. */
export const evaluators: Evaluator[] = [];
afterEach(async () => {
  for (const evaluator of evaluators.splice(0)) await evaluator.dispose();
  for (const session of sessions.splice(0)) session.remove();
});

export const never = new AbortController().signal;

/** Gone after the test. */
export function sessionOf(options?: ConstructorParameters<typeof SlurmSession>[0]): SlurmSession {
  const session = new SlurmSession(options);
  sessions.push(session);
  return session;
}

/** A prepared evaluator, as a new runner has it. */
export async function runner(
  session: SlurmSession,
  programs: FakeCluster,
  pace = quickPace,
): Promise<Evaluator> {
  const evaluator = session.evaluator({ programs, pace });
  evaluators.push(evaluator);
  await evaluator.prepare(() => undefined, never);
  return evaluator;
}

export function evaluate(
  evaluator: Evaluator,
  candidate: number,
  signal = never,
  run = 1,
): Promise<EvaluationReport> {
  const id = `c${candidate}`;
  return evaluator.evaluate(
    { id: `r${run}-${id}`, lastingId: id, candidateText: `echo ${candidate}\n`, seed: 1 },
    signal,
  );
}

/** The keys of the cluster's jobs, when there are so many. */
export async function jobs(cluster: FakeCluster, count: number): Promise<readonly string[]> {
  return vi.waitFor(
    () => {
      expect(cluster.jobsByKey.size).toBe(count);
      return [...cluster.jobsByKey.keys()];
    },
    { timeout: 30_000 },
  );
}
