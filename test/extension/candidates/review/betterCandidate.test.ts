import { describe, expect, it } from 'vitest';
import { emptySnapshot } from '../../../../src/domain/session/reduce';
import type { SessionSnapshot } from '../../../../src/domain/session/snapshot';
import { betterCandidate } from '../../../../src/extension/candidates/review/betterCandidate';
import { applyEntries } from '../../../../src/extension/sessions/applyEntries';
import { created, evaluated, journalOf, proposed } from '../../sessions/journal';

/** A session that minimises, with these values of its candidates. */
function session(...values: readonly number[]): SessionSnapshot {
  const events = values.flatMap((value, id) => [
    proposed(id, String(id).repeat(64), id === 0 ? undefined : 0),
    evaluated(id, value),
  ]);
  return applyEntries(emptySnapshot, journalOf([created, ...events])).snapshot;
}

describe('a better candidate', () => {
  it('is told of once it has come during the review', () => {
    expect(betterCandidate(session(5, 4), 1, 1)).toBeUndefined();
    expect(betterCandidate(session(5, 4, 3), 1, 1)).toBe(2);
  });

  it('is no news to someone who chose to look at another one', () => {
    expect(betterCandidate(session(5, 4, 3), 1, 2)).toBeUndefined();
    expect(betterCandidate(session(5, 4, 3, 2), 1, 2)).toBe(3);
  });

  it('is not the one that is looked at', () => {
    expect(betterCandidate(session(5, 4, 3), 2, 1)).toBeUndefined();
  });
});
