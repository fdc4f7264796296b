import { describe, expect, it } from 'vitest';
import { LineageIndex } from '../../../src/domain/lineage/lineageIndex';
import { parseQuery } from '../../../src/domain/lineage/candidateQuery';
import {
  foundIds,
  idsToLookInto,
  searchOf,
  suggestionsFor,
} from '../../../src/extension/lineage/candidateSearch';
import { decisionsFrom } from '../../../src/extension/lineage/candidateDecisions';
import { mostPrograms, searchPrograms } from '../../../src/extension/lineage/searchPrograms';
import { ShownSession } from '../../../src/extension/lineage/shownSession';
import { memoryMemento } from '../support/memento';
import { recordedView, viewOf } from './session';
import { emptySnapshot } from '../../../src/domain/session/reduce';

const session = recordedView({ steps: 4, groups: 4, groupSize: 16 });
const index = new LineageIndex('minimize');
index.update(session.snapshot.candidates);
const searched = { index, candidates: session.snapshot.candidates, decisionOf: () => undefined };

describe('a search for candidates', () => {
  it('suggests only what finds something', () => {
    const suggestions = suggestionsFor(searched, undefined);
    expect(suggestions.length).toBeGreaterThan(3);
    for (const { words } of suggestions) {
      const search = searchOf(words);
      if (search === undefined) throw new Error(`${words} is no search`);
      expect(foundIds(index.byBest(), search, searched).length, words).toBeGreaterThan(0);
    }
  });

  it('keeps the order that it is given, and leaves nothing out without words', () => {
    expect(searchOf('  ')).toBeUndefined();
    const search = searchOf('valid');
    if (search === undefined) throw new Error('a search expected');
    const found = foundIds(index.byBest(), search, searched);
    expect(found[0]).toBe(session.snapshot.best);
    expect(idsToLookInto({ ...search, query: parseQuery('valid numpy') }, searched)).toEqual(found);
  });

  it('reads each text once, a few at once, and no more than it says', async () => {
    let reading = 0;
    let most = 0;
    const read: number[] = [];
    const candidates = Array.from({ length: 2 * mostPrograms }, (_, id) => ({ id, sha256: `${id >> 1}` }));
    const { found, looked, unread } = await searchPrograms({
      candidates: [...candidates, { id: 99_999, sha256: 'beyond' }],
      words: ['needle'],
      read: async (id) => {
        read.push(id);
        most = Math.max(most, ++reading);
        await Promise.resolve();
        reading -= 1;
        return id === 20 ? 'a NEEDLE' : 'hay';
      },
      onProgress: () => undefined,
      signal: new AbortController().signal,
    });
    expect([...found]).toEqual([20, 21]);
    expect(read).toHaveLength(mostPrograms);
    expect([looked, unread]).toEqual([2 * mostPrograms, 0]);
    expect(most).toBeLessThanOrEqual(4);
  });

  it('ends when it is cancelled, and counts what could not be read', async () => {
    const stop = new AbortController();
    const result = await searchPrograms({
      candidates: Array.from({ length: 100 }, (_, id) => ({ id, sha256: `${id}` })),
      words: ['x'],
      read: (id) => {
        if (id === 10) stop.abort();
        return id % 2 === 0 ? Promise.resolve('x') : Promise.reject(new Error('no contact'));
      },
      onProgress: () => undefined,
      signal: stop.signal,
    });
    expect(result.looked + result.unread).toBeLessThan(20);
    expect(result.unread).toBeGreaterThan(0);
    expect(result.failure).toEqual(new Error('no contact'));
  });
});

describe('what was decided on candidates', () => {
  it('goes by what the file holds before what was said', () => {
    const record = (candidate: number, fidelity: 'exact' | 'rebased' | 'partial' | 'undone', of = 'S') => ({
      session: of,
      candidate,
      fidelity,
    });
    const records = [record(1, 'exact'), record(2, 'partial'), record(3, 'undone'), record(4, 'exact', 'T')];
    expect([...decisionsFrom('S', [...records, record(5, 'rebased')], [2, 3, 6])]).toEqual([
      [2, 'partial'],
      [3, 'rejected'],
      [6, 'rejected'],
      [1, 'accepted'],
      [5, 'accepted'],
    ]);
  });
});

describe('the session that the view shows', () => {
  it('is the newest, or the chosen one until a newer one begins', async () => {
    const views = [viewOf(emptySnapshot, 'B'), viewOf(emptySnapshot, 'A')];
    const sessions = { all: views, get: (id: string) => views.find((one) => one.id === id) };
    const shown = new ShownSession(sessions, memoryMemento(), (error) => {
      throw error;
    });
    expect(shown.current?.id).toBe('B');
    await shown.choose('A');
    expect(shown.current?.id).toBe('A');
    views.unshift(viewOf(emptySnapshot, 'C'));
    expect(shown.current?.id).toBe('C');
  });
});
