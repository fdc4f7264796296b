import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Archive,
  ArchiveError,
  type ArchiveEntry,
  type ArchiveOptions,
} from '../../../src/domain/search/archive';

function archiveOf(
  initialScores: readonly (number | undefined)[],
  options: Partial<ArchiveOptions> = {},
): Archive {
  const archive = new Archive({ visits: 'rollouts', ...options });
  for (const [id, score] of initialScores.entries()) {
    archive.insertInitial({ id, step: -1, score, contentKey: 'initial' });
  }
  return archive;
}

function child(id: number, parent: number, score: number, contentKey = `content ${id}`): ArchiveEntry {
  return { id, parent, step: 0, score, contentKey };
}

describe('Archive', () => {
  it('starts from every initial candidate, equal ones too, in their order', () => {
    const archive = archiveOf([1, 1, 1]);
    expect(archive.size).toBe(3);
    expect(archive.select(3)).toEqual([0, 1, 2]);
  });

  it('prefers the better of two candidates and a fresh one to a worked one', () => {
    const archive = archiveOf([0, 0]);
    archive.recordSuccess(child(10, 0, 1));
    archive.recordSuccess(child(11, 1, 2));
    archive.flush();
    expect(archive.select(2)).toEqual([11, 10]);
    for (let i = 0; i < 200; i++) archive.recordFailure(11);
    expect(archive.select(1)).toEqual([10]);
  });

  it('does not choose an ancestor or a descendant of what it chose, but siblings it may', () => {
    const archive = archiveOf([0, -50]);
    archive.recordSuccess(child(10, 0, 8));
    archive.recordSuccess(child(11, 0, 9));
    archive.flush();
    archive.recordSuccess(child(20, 10, 10));
    archive.flush();
    expect(archive.select(10)).toEqual([20, 11, 1]);
  });

  it('chooses fewer than asked for where all candidates are one lineage', () => {
    const archive = archiveOf([0]);
    archive.recordSuccess(child(1, 0, 1));
    archive.flush();
    archive.recordSuccess(child(2, 1, 2));
    archive.flush();
    expect(archive.select(8)).toEqual([2]);
  });

  it('blocks a lineage through ancestors that are gone', () => {
    const archive = archiveOf([0], { childrenPerParent: 1 });
    archive.recordSuccess(child(1, 0, 1));
    archive.flush();
    archive.recordSuccess(child(2, 1, 5));
    archive.recordSuccess(child(3, 0, 4));
    archive.flush();
    expect(archive.size).toBe(3);
    expect(archive.entry(1)).toBeDefined();
    const before = archive.visitsOf(0);
    archive.recordFailure(2);
    expect(archive.visitsOf(0)).toBe(before + 1);
    expect(archive.visitsOf(1)).toBe(2);
    expect(archive.select(5)).not.toContain(0);
  });

  it('counts every rollout for the parent and all its ancestors', () => {
    const archive = archiveOf([0]);
    archive.recordSuccess(child(1, 0, 1));
    archive.flush();
    archive.recordSuccess(child(2, 1, 2));
    archive.recordFailure(1);
    expect([0, 1, 2].map((id) => archive.visitsOf(id))).toEqual([3, 2, 0]);
  });

  it('counts a group once where visits are expansions', () => {
    const archive = archiveOf([0, 0], { visits: 'expansions' });
    archive.recordFailure(0);
    archive.recordSuccess(child(2, 0, 1));
    archive.recordSuccess(child(3, 1, 1));
    expect([0, 1].map((id) => archive.visitsOf(id))).toEqual([1, 1]);
    archive.flush();
    archive.recordFailure(0);
    expect(archive.visitsOf(0)).toBe(2);
  });

  it('remembers the best child, the earliest among equals, also one that was a duplicate', () => {
    const archive = archiveOf([3]);
    archive.recordSuccess(child(1, 0, 1));
    archive.recordSuccess(child(2, 0, 2, 'same'));
    archive.recordSuccess(child(3, 0, 2));
    expect(archive.bestChildOf(0)).toBe(2);
    expect(archive.recordSuccess(child(4, 0, 9, 'same'))).toBe('duplicate');
    expect(archive.bestChildOf(0)).toBe(4);
    expect(archive.bestChildOf(1)).toBeUndefined();
  });

  it('drops what is in the archive already but counts the visit', () => {
    const archive = archiveOf([0]);
    expect(archive.recordSuccess(child(1, 0, 1, 'initial'))).toBe('duplicate');
    expect(archive.recordSuccess(child(2, 0, 1, 'new'))).toBe('inserted');
    expect(archive.recordSuccess(child(3, 0, 1, 'new'))).toBe('duplicate');
    expect(archive.size).toBe(2);
    expect(archive.visitsOf(0)).toBe(3);
  });

  it('takes content again that it has let go', () => {
    const archive = archiveOf([0], { childrenPerParent: 1 });
    archive.recordSuccess(child(1, 0, 1, 'weak'));
    archive.recordSuccess(child(2, 0, 2, 'strong'));
    archive.flush();
    expect(archive.recordSuccess(child(3, 2, 1, 'weak'))).toBe('inserted');
  });

  it('never takes candidates without content for equal', () => {
    const archive = archiveOf([0]);
    expect(archive.recordSuccess(child(1, 0, 1, ''))).toBe('inserted');
    expect(archive.recordSuccess(child(2, 0, 1, ''))).toBe('inserted');
  });

  it('keeps the two best children of a parent over the whole history', () => {
    const archive = archiveOf([0]);
    for (const [index, score] of [1, 5, 3].entries()) archive.recordSuccess(child(index + 1, 0, score));
    archive.flush();
    archive.recordSuccess(child(4, 0, 4));
    archive.flush();
    expect(archive.size).toBe(3);
    expect(archive.select(9)).toEqual([2, 4]);
  });

  it('keeps the initial candidates and the best others within its capacity', () => {
    const archive = archiveOf([0, 0, 0], { capacity: 5 });
    for (let parent = 0; parent < 3; parent++) {
      archive.recordSuccess(child(10 + parent, parent, parent + 1));
      archive.recordSuccess(child(20 + parent, parent, parent + 1.5));
    }
    archive.flush();
    expect(archive.size).toBe(5);
    expect(new Set(archive.select(9))).toEqual(new Set([22, 12, 0, 1]));
  });

  it('ranks an initial candidate without a score last', () => {
    expect(archiveOf([undefined, -5, undefined]).select(3)).toEqual([1, 0, 2]);
  });

  it('refuses what does not fit', () => {
    const archive = archiveOf([0]);
    expect(() => archive.recordFailure(9)).toThrow(ArchiveError);
    expect(() => archive.recordSuccess(child(1, 9, 1))).toThrow(
      'parent of candidate 1 was never in the archive: 9',
    );
    expect(() => archive.recordSuccess(child(1, 0, Number.NaN))).toThrow(ArchiveError);
    expect(() => archive.recordSuccess({ id: 1, step: 0, score: 1, contentKey: '' })).toThrow(ArchiveError);
    expect(() => archive.insertInitial(child(1, 0, 1))).toThrow(ArchiveError);
    expect(() => archive.insertInitial({ id: 0, step: -1, score: 1, contentKey: '' })).toThrow(ArchiveError);
  });

  it('keeps its promises over random histories', () => {
    const act = fc.record({
      parent: fc.nat(),
      score: fc.option(fc.integer({ min: -20, max: 20 }), { nil: undefined }),
      content: fc.nat(30),
      flush: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 120 }),
        fc.constantFrom('rollouts', 'expansions'),
        (acts, visits) => {
          const archive = archiveOf([0, 1], { visits, capacity: 12 });
          const kept = [0, 1];
          for (const [index, { parent, score, content, flush }] of acts.entries()) {
            const parentId = kept[parent % kept.length]!;
            if (score === undefined) archive.recordFailure(parentId);
            else {
              const id = 100 + index;
              if (archive.recordSuccess(child(id, parentId, score, `c${content}`)) === 'inserted')
                kept.push(id);
            }
            if (flush) {
              archive.flush();
              expect(archive.size).toBeLessThanOrEqual(12);
            }
          }
          const chosen = archive.select(6);
          expect(archive.select(6)).toEqual(chosen);
          expect(chosen.length).toBeGreaterThan(0);
          for (const id of chosen) {
            for (let up = archive.entry(id)?.parent; up !== undefined; up = archive.entry(up)?.parent) {
              expect(chosen).not.toContain(up);
            }
          }
          const rootVisits = archive.visitsOf(0) + archive.visitsOf(1);
          if (visits === 'rollouts') expect(rootVisits).toBe(acts.length);
          else expect(rootVisits).toBeLessThanOrEqual(acts.length);
        },
      ),
    );
  });
});
