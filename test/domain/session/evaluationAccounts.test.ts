import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accountsAfter,
  noAccounts,
  savedByStoppingMs,
  type EvaluationAccounts,
  type EvaluationFacts,
} from '../../../src/domain/session/evaluationAccounts';
import type { SessionEvent } from '../../../src/domain/session/events';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { created, proposed, stepStarted } from './journalBuilder';

function accountsOf(all: readonly EvaluationFacts[], metric = 'c5'): EvaluationAccounts {
  return all.reduce((accounts, facts) => accountsAfter(accounts, facts, metric), noAccounts);
}

function valid(metrics: Record<string, number>, durationMs: number): EvaluationFacts {
  return { outcome: { kind: 'valid', metrics: { c5: 1, ...metrics }, value: 1, reward: 1 }, durationMs };
}

const late: EvaluationFacts['outcome'] = { kind: 'failed', reason: 'timeout', message: 'It took too long.' };
const none: EvaluationFacts['outcome'] = { kind: 'failed', reason: 'no-program', message: 'There is none.' };

describe('the accounts of evaluations', () => {
  it('add up what each waited, ran and took around it', () => {
    const accounts = accountsOf([
      { ...valid({}, 100), waitedMs: 5, queuedMs: 40, aroundMs: 3 },
      { outcome: late, durationMs: 60, waitedMs: 1 },
      { outcome: none, durationMs: 0, waitedMs: 9 },
    ]);
    expect(accounts).toMatchObject({ runs: 2, runMs: 160, waitedMs: 6, queuedMs: 40, aroundMs: 3, whole: 1 });
  });

  it('add up the stages that evaluators tell of in seconds, and never the metric itself', () => {
    const accounts = accountsOf(
      [
        valid({ start_s: 0.5, timing_s: 2, total_s: 9, bad_s: Number.NaN, worse_s: -1 }, 1),
        valid({ timing_s: 1, __proto___s: 1 }, 1),
      ],
      'total_s',
    );
    expect(accounts.stagesMs).toEqual({ start: 500, timing: 3000 });
  });

  it('keep a bounded number of stages, whatever evaluators call them', () => {
    const many = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`stage${index}_s`, 1]));
    expect(Object.keys(accountsOf([valid(many, 1)]).stagesMs)).toHaveLength(20);
  });

  it('count what was taken from the same evaluation apart from what ran', () => {
    const accounts = accountsOf([
      valid({}, 100),
      { ...valid({ timing_s: 1 }, 0), reusedFrom: { durationMs: 80 } },
    ]);
    expect(accounts).toMatchObject({ runs: 1, reused: 1, reusedMs: 80, stagesMs: {} });
  });

  it('estimate what stopping early saved by what whole evaluations take on average', () => {
    const accounts = accountsOf([
      valid({ cases: 10, cases_run: 10 }, 100),
      valid({ stopped: 0 }, 300),
      valid({ cases: 10, cases_run: 3 }, 30),
      valid({ stopped: 1 }, 50),
    ]);
    expect(accounts).toMatchObject({ whole: 2, wholeMs: 400, stopped: 2, stoppedMs: 80 });
    expect(savedByStoppingMs(accounts)).toBe(2 * 200 - 80);
    expect(savedByStoppingMs(accountsOf([valid({ stopped: 1 }, 50)]))).toBeUndefined();
    expect(savedByStoppingMs(accountsOf([valid({}, 10), valid({ stopped: 1 }, 50)]))).toBe(0);
  });

  it('count warm starts, of those that tell', () => {
    const accounts = accountsOf([
      { ...valid({}, 1), isWarm: true },
      { outcome: late, durationMs: 1, isWarm: false },
      valid({}, 1),
    ]);
    expect(accounts).toMatchObject({ startsTold: 2, warmStarts: 1 });
  });

  it('follow from the journal, however it is cut, second runs and runs of parents included', () => {
    const outcome = { kind: 'valid' as const, metrics: { c5: 1, check_s: 1 }, value: 1, reward: 1 };
    const from = { session: '01ARZ3NDEKTSV4RRFFQ69G5FAV', candidate: 1, durationMs: 70 };
    const events: SessionEvent[] = [
      created(),
      {
        ...{ type: 'environment.ready', durationMs: 1, isolation: 'bubblewrap' },
        machine: { processor: 'A processor', processors: 4, gpus: ['A GPU', 'A GPU'], gpusEach: 1 },
      },
      proposed(0, -1),
      { ...{ type: 'candidate.evaluated', candidate: 0, outcome, durationMs: 50 }, waitedMs: 2, aroundMs: 4 },
      stepStarted(0),
      { ...{ type: 'parent.evaluated', candidate: 0, step: 0, outcome, durationMs: 60 }, queuedMs: 7 },
      proposed(1, 0, 0),
      { type: 'candidate.evaluated', candidate: 1, outcome, durationMs: 70, waitedMs: 3 },
      proposed(2, 0, 0),
      { type: 'candidate.evaluated', candidate: 2, outcome, durationMs: 0, waitedMs: 1, reusedFrom: from },
      { type: 'candidate.verified', candidate: 1, verdict: 'confirmed', outcome, durationMs: 80 },
    ];
    const entries = events.map((event, index) => ({ seq: index + 1, t: index, m: index, run: 1, event }));
    fc.assert(
      fc.property(fc.nat(entries.length), (cut) => {
        const snapshot = reduce(reduce(emptySnapshot, entries.slice(0, cut)), entries.slice(cut));
        expect(snapshot.accounts).toMatchObject({
          ...{ runs: 4, runMs: 260, waitedMs: 6, queuedMs: 7, aroundMs: 4, reused: 1, reusedMs: 70 },
          stagesMs: { check: 4000 },
        });
        expect(snapshot.candidates.at(2)?.reusedFrom).toEqual(from);
        expect(snapshot.machine?.gpus).toHaveLength(2);
      }),
    );
  });
});
