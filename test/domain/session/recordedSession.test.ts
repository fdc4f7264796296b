import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { journalEntry } from '../../../src/protocol/journalEntry';
import { recordedSession } from '../../support/recordedSession';

const small = { steps: 8, groups: 4, groupSize: 16 };

it('is the same journal for the same seed, and another for another', () => {
  expect(recordedSession(small).entries).toEqual(recordedSession(small).entries);
  expect(recordedSession({ ...small, seed: 2 }).entries).not.toEqual(recordedSession(small).entries);
});

it('is a journal that a reader takes without a complaint', () => {
  const { entries } = recordedSession(small);
  for (const entry of entries) expect(journalEntry.parse(entry)).toEqual(entry);
  const snapshot = reduce(emptySnapshot, entries);
  expect(snapshot.warnings).toEqual([]);
  expect(snapshot).toMatchObject({ status: 'finished', evaluated: 8 * 4 * 16 + 4, runs: 2 });
  expect(entries.every((entry, index) => index === 0 || entry.t >= (entries[index - 1]?.t ?? 0))).toBe(true);
});

it('improves, fails in many ways, and has one best candidate that was refuted', () => {
  const { entries } = recordedSession(small);
  const { steps, candidates } = reduce(emptySnapshot, entries);
  expect(steps.at(-1)?.bestSoFar).toBeLessThan(steps[0]?.bestSoFar ?? 0);
  const reasons = new Set(
    Array.from(candidates, ({ outcome }) => (outcome?.kind === 'failed' ? outcome.reason : undefined)),
  );
  for (const reason of ['crashed', 'invalid', 'timeout', 'no-program', 'refuted']) {
    expect(reasons).toContain(reason);
  }
});

it('knows the program of each candidate', () => {
  const { entries, programOf } = recordedSession(small);
  const { candidates } = reduce(emptySnapshot, entries);
  for (const { id, sha256 } of candidates) {
    expect(createHash('sha256').update(programOf(id)).digest('hex')).toBe(sha256);
  }
});
