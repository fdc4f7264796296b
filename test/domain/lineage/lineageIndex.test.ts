import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineageIndex } from '../../../src/domain/lineage/lineageIndex';
import { PersistentCandidateList } from '../../../src/domain/session/candidateList';
import type { CandidateList, CandidateRecord } from '../../../src/domain/session/snapshot';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { recordedSession } from '../../support/recordedSession';

function candidate(id: number, parent?: number, value?: number): CandidateRecord {
  return {
    id,
    step: id === 0 ? -1 : Math.floor((id - 1) / 4),
    group: 0,
    member: 0,
    sha256: 'a'.repeat(64),
    proposedAtMs: 0,
    ...(parent === undefined ? {} : { parent }),
    ...(value === undefined
      ? {}
      : { outcome: { kind: 'valid', value, reward: -value, metrics: {} } as const }),
  };
}

const refuted = { kind: 'failed', reason: 'refuted', message: 'Not again.' } as const;

function listOf(records: readonly CandidateRecord[]): PersistentCandidateList {
  return records.reduce((list, record) => list.with(record), PersistentCandidateList.empty);
}

function indexOf(list: CandidateList): LineageIndex {
  const index = new LineageIndex('minimize');
  index.update(list);
  return index;
}

/** All that can be asked of an index. */
function described(index: LineageIndex, list: CandidateList): unknown {
  const ids = [...list].map((record) => record.id);
  return {
    roots: index.roots(),
    best: index.byBest(),
    newest: index.byNewest(),
    each: ids.map((id) => [index.facts(id), index.childrenOf(id), index.pathTo(id)]),
  };
}

describe('the lineage of a session', () => {
  it('shows the children with the best line of descent first, and those without a value last', () => {
    const index = indexOf(
      listOf([
        candidate(0, undefined, 9),
        candidate(1, 0, 7),
        candidate(2, 0, 5),
        candidate(3, 0),
        candidate(4, 1, 3),
        candidate(5, 0),
      ]),
    );
    expect(index.roots()).toEqual([0]);
    expect(index.childrenOf(0)).toEqual([1, 2, 5, 3]);
    expect(index.byBest()).toEqual([4, 2, 1, 0, 5, 3]);
    expect(index.byNewest()).toEqual([5, 4, 3, 2, 1, 0]);
    expect(index.pathTo(4)).toEqual([0, 1, 4]);
    expect(index.facts(0)).toEqual({
      parent: undefined,
      children: 4,
      descendants: 5,
      timesChosen: 2,
      bestBelow: 4,
    });
  });

  it('takes back what a refuted candidate had won for its line', () => {
    const list = listOf([
      candidate(0, undefined, 9),
      candidate(1, 0, 7),
      candidate(2, 0, 5),
      candidate(3, 1, 3),
    ]);
    const index = indexOf(list);
    expect(index.childrenOf(0)).toEqual([1, 2]);
    index.update(list.with({ ...candidate(3, 1), outcome: refuted }));
    expect(index.childrenOf(0)).toEqual([2, 1]);
    expect(index.facts(1)?.bestBelow).toBe(1);
  });

  it('puts a child under its parent even where the parent comes later, and makes no circle', () => {
    const index = indexOf(listOf([candidate(4, 2, 1), candidate(5, 5), candidate(6, 7), candidate(7, 6)]));
    expect(index.roots()).toEqual([4, 6, 5]);
    index.update(listOf([candidate(2, undefined, 8), candidate(4, 2, 1), candidate(5, 5), candidate(6, 7)]));
    expect(index.childrenOf(2)).toEqual([4]);
    expect(index.facts(2)?.bestBelow).toBe(4);
    expect(index.pathTo(7)).toEqual([6, 7]);
  });

  it('is the same however the session was cut into updates', () => {
    const change = fc.record({
      id: fc.nat(40),
      parent: fc.option(fc.nat(40), { nil: undefined }),
      value: fc.option(fc.nat(6), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.array(fc.boolean()), (changes, looks) => {
        const grown = new LineageIndex('minimize');
        const parents = new Map<number, number | undefined>();
        let list = PersistentCandidateList.empty;
        for (const [at, { id, parent, value }] of changes.entries()) {
          // A candidate's parent is said once.
          if (!parents.has(id)) parents.set(id, parent);
          list = list.with(candidate(id, parents.get(id), value));
          grown.update(list);
          if (looks[at] === true) described(grown, list);
        }
        expect(described(grown, list)).toEqual(described(indexOf(list), list));
      }),
      { numRuns: 2000 },
    );
  });

  it('says whether anything is new', () => {
    const list = listOf([candidate(0), candidate(1, 0)]);
    const index = indexOf(list);
    expect(index.update(list)).toBe(false);
    expect(index.update(list.with(candidate(1, 0, 3)))).toBe(true);
  });

  it('agrees with a recorded session about its best', () => {
    const { entries } = recordedSession({ steps: 6, groups: 4, groupSize: 8 });
    const half = Math.floor(entries.length / 2);
    const first = reduce(emptySnapshot, entries.slice(0, half));
    const last = reduce(first, entries.slice(half));
    const index = new LineageIndex('minimize');
    index.update(first.candidates);
    index.update(last.candidates);
    expect(described(index, last.candidates)).toEqual(described(indexOf(last.candidates), last.candidates));
    expect(index.byBest()[0]).toBe(last.best);
    expect(index.size).toBe([...last.candidates].length);
  });
});
