import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PersistentCandidateList } from '../../../src/domain/session/candidateList';
import type { CandidateRecord } from '../../../src/domain/session/snapshot';

function record(id: number, note = ''): CandidateRecord {
  return { id, step: 0, group: 0, member: 0, sha256: '', proposedAtMs: 0, note };
}

function listOf(ids: readonly number[]): PersistentCandidateList {
  return ids.reduce((list, id) => list.with(record(id)), PersistentCandidateList.empty);
}

describe('PersistentCandidateList', () => {
  it('behaves as a map by id, in any order and with holes', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(100), fc.nat(40_000), fc.maxSafeNat())), (ids) => {
        const list = listOf(ids);
        const expected = [...new Set(ids)].sort((a, b) => a - b);
        expect([...list].map(({ id }) => id)).toEqual(expected);
        expect(list.length).toBe(expected.length === 0 ? 0 : expected.at(-1)! + 1);
        for (const id of expected) {
          expect(list.at(id)?.id).toBe(id);
          expect(list.at(id + 1)?.id).toBe(expected.includes(id + 1) ? id + 1 : undefined);
        }
      }),
    );
  });

  it('replaces a record without touching the list it came from', () => {
    const before = listOf([1, 33, 70]);
    const after = before.with(record(33, 'new'));
    expect([before.at(33)?.note, after.at(33)?.note]).toEqual(['', 'new']);
    expect(after.at(70)).toBe(before.at(70));
  });

  it('tells what changed since an earlier list, and looks at nothing else', () => {
    const ids = fc.array(fc.oneof(fc.nat(100), fc.nat(40_000)));
    fc.assert(
      fc.property(ids, ids, (first, more) => {
        const before = listOf(first);
        const after = more.reduce((list, id) => list.with(record(id, 'new')), before);
        const expected = [...new Set(more)].sort((a, b) => a - b);
        expect(Array.from(after.changedSince(before), ({ id }) => id)).toEqual(expected);
        const plain = {
          length: before.length,
          at: before.at.bind(before),
          [Symbol.iterator]: () => [].values(),
        };
        expect(Array.from(after.changedSince(plain), ({ id }) => id)).toEqual(expected);
      }),
    );
    const before = listOf(Array.from({ length: 2000 }, (_, id) => id));
    expect([...before.changedSince(before)]).toEqual([]);
    // A list of another session may be longer.
    expect([...listOf([3]).changedSince(before)]).toMatchObject([{ id: 3 }]);
  });

  it('has nothing at ids that are none', () => {
    const list = listOf([0, 5]);
    for (const id of [-1, 0.5, 4, Number.NaN, 2 ** 60, Number.POSITIVE_INFINITY]) {
      expect(list.at(id)).toBeUndefined();
    }
    expect(() => list.with(record(-1))).toThrow(RangeError);
    expect(() => list.with(record(0.5))).toThrow(RangeError);
  });
});
