import type { JournalEntry, SessionEvent } from '../../../src/domain/session/events';
import type { EvaluationOutcome } from '../../../src/domain/session/outcome';

const sha256 = 'a'.repeat(64);

export function created(goal: 'minimize' | 'maximize' = 'minimize', steps = 50): SessionEvent {
  return {
    type: 'session.created',
    version: 1,
    sessionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    problem: {
      title: 'Erdős minimum overlap',
      path: 'erdos.discover',
      candidate: 'initial.py',
      metric: { name: 'c5', goal },
      references: [],
    },
    options: {
      method: 'ttt-discover',
      policy: 'tunables',
      seed: 1,
      steps,
      groups: 2,
      groupSize: 3,
      concurrency: 2,
      visits: 'rollouts',
    },
  };
}

export function runnerStarted(): SessionEvent {
  return { type: 'runner.started', pid: 1, hostName: 'gpu1', runnerVersion: '0.1.0' };
}

export function request(what: 'pause' | 'resume' | 'stop'): SessionEvent {
  return { type: 'request.received', request: what };
}

export function proposed(candidate: number, step: number, parent?: number): SessionEvent {
  return {
    type: 'candidate.proposed',
    candidate,
    step,
    group: 0,
    member: candidate,
    sha256,
    ...(parent === undefined ? {} : { parent }),
  };
}

/** A failed evaluation where `value` is missing. */
export function evaluated(candidate: number, value?: number): SessionEvent {
  const outcome: EvaluationOutcome =
    value === undefined
      ? { kind: 'failed', reason: 'timeout', message: 'took longer than 60 s' }
      : { kind: 'valid', metrics: { c5: value }, value, reward: value };
  return { type: 'candidate.evaluated', candidate, outcome, durationMs: 12 };
}

/** A second run of a candidate; without `value` it failed. */
export function verified(
  candidate: number,
  verdict: 'confirmed' | 'refuted' | 'unclear',
  value?: number,
): SessionEvent {
  const outcome: EvaluationOutcome =
    value === undefined
      ? { kind: 'failed', reason: 'invalid', message: 'The answer overlaps.' }
      : { kind: 'valid', metrics: { c5: value }, value, reward: value };
  return { type: 'candidate.verified', candidate, verdict, outcome, durationMs: 20 };
}

export function stepStarted(step: number, parents: number[] = [0]): SessionEvent {
  return { type: 'step.started', step, parents };
}

export function stepFinished(step: number): SessionEvent {
  return { type: 'step.finished', step, gauges: { beta: step + 0.5 }, durationMs: 100 };
}

/** Numbers the events from `firstSeq`; a new run begins with every `runner.started`. */
export function journal(events: readonly SessionEvent[], firstSeq = 1): JournalEntry[] {
  let run = 0;
  return events.map((event, index) => {
    if (event.type === 'runner.started') run += 1;
    return { seq: firstSeq + index, t: 1000 + index, m: index, run: Math.max(1, run), event };
  });
}
