import type { SessionEvent } from '../../../src/domain/session/events';

export const sessionId = '01JD8E2V7Q0000000000000000';

/** A journal of raw values, as the host sends them, from a list of events. */
export function journalOf(events: readonly SessionEvent[]): unknown[] {
  return events.map((event, index) => ({ seq: index + 1, t: 1000 * index, m: 1000 * index, run: 1, event }));
}

export const created: SessionEvent = {
  type: 'session.created',
  version: 1,
  sessionId,
  problem: {
    title: 'Valley',
    path: 'valley/problem.discover',
    candidate: 'initial.py',
    metric: { name: 'depth', goal: 'minimize' },
    references: [],
  },
  options: {
    method: 'ttt-discover',
    policy: 'tunables',
    seed: 1,
    steps: 50,
    groups: 1,
    groupSize: 3,
    concurrency: 2,
    visits: 'rollouts',
  },
};

export function proposed(candidate: number, sha256: string, step = candidate === 0 ? -1 : 0): SessionEvent {
  return {
    type: 'candidate.proposed',
    candidate,
    step,
    group: 0,
    member: Math.max(0, candidate - 1),
    sha256,
    ...(candidate > 0 && { parent: 0 }),
  };
}

export function evaluated(candidate: number, value: number): SessionEvent {
  return {
    type: 'candidate.evaluated',
    candidate,
    durationMs: 10,
    outcome: { kind: 'valid', metrics: { depth: value }, value, reward: -value },
  };
}

export const finished: SessionEvent = { type: 'session.finished', reason: 'stopped', best: 1 };
