import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noAccounts } from '../../../src/domain/session/evaluationAccounts';
import type { CandidateRecord } from '../../../src/domain/session/snapshot';
import { projectDashboard } from '../../../src/extension/dashboard/projection';
import { candidateRowLimit, dashboardHeader, toDashboard } from '../../../src/protocol/dashboardMessages';
import {
  candidateList,
  exampleSession,
  sessionBeforeFirstEntry,
  sessionBeforeFirstValue,
  trainedSession,
  withSnapshot,
} from './exampleSession';

const nowMs = 1_760_000_100_000;

describe('the projection of a session', () => {
  it('is what the schema of the messages says', () => {
    const message = { type: 'snapshot', revision: 1, ...projectDashboard(exampleSession(12), nowMs) };
    expect(toDashboard.parse(message)).toEqual(message);
  });

  it('carries the best candidate with its value, and the value of the initial program', () => {
    const view = exampleSession(5);
    const { header } = projectDashboard(view, nowMs);
    expect(header.best?.id).toBe(view.snapshot.best);
    expect(header.best?.value).toBe(view.snapshot.steps[4]?.bestSoFar);
    expect(header.initialValue).toBe(0.4117);
  });

  it('shows a session that has no value yet', () => {
    const { header, steps, candidates } = projectDashboard(sessionBeforeFirstValue(), nowMs);
    expect(header).toMatchObject({
      best: null,
      initialValue: null,
      statusText: 'Evaluating the initial program',
    });
    expect(steps).toEqual([]);
    expect(candidates).toMatchObject([{ id: 0, step: -1, state: 'running', value: null }]);
  });

  it('shows a session of which nothing is known but its id', () => {
    const view = sessionBeforeFirstEntry();
    expect(projectDashboard(view, nowMs).header).toMatchObject({ title: `Session ${view.id}`, best: null });
  });

  it('gives the reason of a failure as the note', () => {
    const failed = projectDashboard(exampleSession(1), nowMs).candidates.find(
      ({ state }) => state === 'failed',
    );
    expect(failed).toMatchObject({ value: null, note: expect.stringContaining('time limit') as string });
  });
});

describe('evaluations', () => {
  it('are told with what they took, and a candidate that was not run says whose outcome it has', () => {
    const view = exampleSession(2);
    const known = view.snapshot.candidates.at(view.snapshot.candidates.length - 1)!;
    const reusedFrom = { session: '01HZZZZZZZZZZZZZZZZZZZZZZZ', candidate: 5, durationMs: 900 };
    const outcome = { kind: 'valid' as const, metrics: {}, value: 0.5, reward: 2 };
    const changed = { ...known, note: 'x: 1 → 2', outcome, reusedFrom };
    const records = [...view.snapshot.candidates].filter(({ id }) => id !== known.id);
    const { header, candidates } = projectDashboard(
      withSnapshot(view, {
        candidates: candidateList([...records, changed]),
        accounts: { ...noAccounts, runs: 2, runMs: 500, stagesMs: { check: 100 } },
      }),
      nowMs,
    );
    expect(header.evaluations).toMatchObject({ runs: 2, runMs: 500, stages: [{ name: 'check', ms: 100 }] });
    expect(dashboardHeader.parse(header)).toEqual(header);
    expect(candidates.find(({ id }) => id === known.id)?.note).toBe(
      'x: 1 → 2; not run again, the same program was c5',
    );
  });
});

describe('a session with a language model', () => {
  it('has its tokens, its cost, and what it will cost by its steps so far', () => {
    const { header, steps } = projectDashboard(trainedSession(10), nowMs);
    expect(header.usage).toMatchObject({
      promptTokens: 400_000,
      sampledTokens: 2_500_000,
      trainedTokens: 2_900_000,
      tokensPerSecond: 8123.4,
      cost: { budgetUsd: 20, usd: expect.closeTo(6.14) as number, expectedUsd: 20 },
    });
    expect(steps[9]?.gauges).toMatchObject({ beta: 23.2 });
    const message = { type: 'snapshot', revision: 1, ...projectDashboard(trainedSession(10), nowMs) };
    expect(toDashboard.parse(message)).toEqual(message);
  });

  it('says each warning once, the newest first', () => {
    expect(projectDashboard(trainedSession(1), nowMs).header.warnings).toEqual([
      expect.stringMatching(/^Sampler and trainer differ.*\(2 times\)$/),
      expect.stringMatching(/^The adapter does not change/),
    ]);
  });

  it('has neither without a language model', () => {
    expect(projectDashboard(exampleSession(3), nowMs).header.usage).toBeNull();
  });
});

describe('the list of candidates', () => {
  it('has all of a small session, newest first', () => {
    const ids = projectDashboard(exampleSession(2), nowMs).candidates.map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 49 }, (_, index) => 48 - index));
  });

  it.each(['minimize', 'maximize'] as const)(
    'keeps the newest and the best of a large one that would %s',
    (goal) => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 201, maxLength: 400 }),
          (values) => {
            const view = exampleSession(1);
            const problem = view.snapshot.problem!;
            const large = withSnapshot(view, {
              candidates: candidateList(values.map(validCandidate)),
              problem: { ...problem, metric: { ...problem.metric, goal } },
            });
            const rows = projectDashboard(large, nowMs).candidates;
            const ids = rows.map(({ id }) => id);
            expect(rows).toHaveLength(candidateRowLimit);
            expect(ids).toEqual([...new Set(ids)].sort((a, b) => b - a));
            expect(ids).toEqual(expect.arrayContaining(bestIds(values, goal, 50)));
            expect(ids.slice(0, 150)).toEqual(
              Array.from({ length: 150 }, (_, index) => values.length - 1 - index),
            );
          },
        ),
        { numRuns: 30 },
      );
    },
  );

  it('lists as many of twenty-five thousand candidates as of a few hundred', () => {
    const values = Array.from({ length: 25_600 }, (_, id) => (id * 7919) % 25_601);
    const view = withSnapshot(exampleSession(1), { candidates: candidateList(values.map(validCandidate)) });
    expect(projectDashboard(view, nowMs).candidates).toHaveLength(candidateRowLimit);
  });
});

function validCandidate(value: number, id: number): CandidateRecord {
  return {
    id,
    step: 0,
    group: 0,
    member: 0,
    sha256: '0'.repeat(64),
    proposedAtMs: 0,
    outcome: { kind: 'valid', metrics: {}, value, reward: value },
  };
}

/** By sorting, as an oracle: the earliest first among equals. */
function bestIds(values: readonly number[], goal: 'minimize' | 'maximize', count: number): number[] {
  const sign = goal === 'minimize' ? 1 : -1;
  const ids = values.map((_, id) => id);
  return ids.sort((a, b) => sign * (values[a]! - values[b]!) || a - b).slice(0, count);
}
