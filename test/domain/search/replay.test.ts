import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Archive } from '../../../src/domain/search/archive';
import {
  archiveEntryOf,
  finishedStepCount,
  finishStep,
  insertInitials,
  replayArchive,
} from '../../../src/domain/search/replay';
import type { CandidateRecord } from '../../../src/domain/session/snapshot';

const groups = 3;
const groupSize = 4;

/** Values of rollouts in the order of their ids; `undefined` is a failed evaluation. */
const values = fc.array(fc.option(fc.integer({ min: 0, max: 30 }), { nil: undefined }), {
  minLength: groups * groupSize,
  maxLength: 6 * groups * groupSize,
});

function record(
  id: number,
  step: number,
  parent: number | undefined,
  value: number | undefined,
): CandidateRecord {
  return {
    id,
    step,
    group: 0,
    member: 0,
    ...(parent === undefined ? {} : { parent }),
    sha256: `program ${value ?? 'failed'}`,
    proposedAtMs: 0,
    outcome:
      value === undefined
        ? { kind: 'failed', reason: 'crashed', message: 'exit code 1' }
        : { kind: 'valid', metrics: {}, value, reward: value },
  };
}

describe('replayArchive', () => {
  it('rebuilds the archive of the live loop, however the candidates came in', () => {
    fc.assert(
      fc.property(values, fc.constantFrom('rollouts', 'expansions'), (rollouts, visits) => {
        const live = new Archive({ visits, capacity: 10 });
        const all = Array.from({ length: groups }, (_, id) => record(id, -1, undefined, 15));
        insertInitials(live, all, 'minimize');
        let next = groups;
        let finishedSteps = 0;
        const pending = [...rollouts];
        while (pending.length > 0) {
          const parents = live.select(groups);
          const size = parents.length * groupSize;
          if (pending.length < size) {
            // A step in work: its candidates must not count.
            for (const value of pending.splice(0)) all.push(record(next++, finishedSteps, parents[0], value));
            break;
          }
          const step = pending
            .splice(0, size)
            .map((value, index) =>
              record(next++, finishedSteps, parents[Math.floor(index / groupSize)], value),
            );
          finishStep(live, [...step].reverse(), 'minimize');
          finishedSteps += 1;
          all.push(...step);
        }
        const replayed = replayArchive(all, { goal: 'minimize', finishedSteps }, { visits, capacity: 10 });
        expect(replayed.size).toBe(live.size);
        expect(replayed.select(100)).toEqual(live.select(100));
        for (const { id } of all) {
          expect(replayed.visitsOf(id)).toBe(live.visitsOf(id));
          expect(replayed.bestChildOf(id)).toBe(live.bestChildOf(id));
        }
      }),
    );
  });
});

describe('finishStep', () => {
  it('counts failures as visits, leaves out what is not evaluated, and flushes', () => {
    const archive = new Archive({ visits: 'rollouts', childrenPerParent: 1 });
    insertInitials(archive, [record(0, -1, undefined, 5)], 'maximize');
    const running = { id: 4, step: 0, group: 0, member: 0, parent: 0, sha256: 'running', proposedAtMs: 0 };
    const records = [record(1, 0, 0, 6), record(2, 0, 0, undefined), record(3, 0, 0, 7), running];
    finishStep(archive, records, 'maximize');
    expect(archive.visitsOf(0)).toBe(3);
    expect(archive.bestChildOf(0)).toBe(3);
    expect(archive.size).toBe(2);
  });
});

describe('archiveEntryOf', () => {
  it('turns the metric so that higher is better', () => {
    expect(archiveEntryOf(record(1, 0, 0, 2), 'minimize').score).toBe(-2);
    expect(archiveEntryOf(record(1, 0, 0, 2), 'maximize').score).toBe(2);
    expect(archiveEntryOf(record(1, 0, 0, undefined), 'maximize').score).toBeUndefined();
  });

  it('compares constructions where there are any, programs otherwise', () => {
    const plain = record(1, 0, 0, 2);
    const built = {
      ...plain,
      outcome: { kind: 'valid' as const, metrics: {}, value: 2, reward: 2, stateSha256: 'ab' },
    };
    expect(archiveEntryOf(plain, 'maximize').contentKey).toBe('program:program 2');
    expect(archiveEntryOf(built, 'maximize').contentKey).toBe('construction:ab');
  });
});

describe('finishedStepCount', () => {
  it('counts up to the first open step', () => {
    const step = (number: number, finished: boolean) => ({
      step: number,
      proposed: 0,
      evaluated: 0,
      valid: 0,
      finished,
      gauges: {},
    });
    expect(finishedStepCount({ steps: [] })).toBe(0);
    expect(finishedStepCount({ steps: [step(0, true), step(1, true), step(2, false)] })).toBe(2);
    expect(finishedStepCount({ steps: [step(0, true)] })).toBe(1);
  });
});
