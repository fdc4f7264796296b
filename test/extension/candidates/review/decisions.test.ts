import { describe, expect, it } from 'vitest';
import { Decisions } from '../../../../src/extension/candidates/review/decisions';

function memory(initial: Record<string, unknown> = {}) {
  const values = new Map(Object.entries(initial));
  return {
    values,
    get: (key: string) => values.get(key),
    update: (key: string, value: unknown) => {
      values.set(key, value);
      return Promise.resolve();
    },
  };
}

const noErrors = (error: unknown): never => {
  throw error;
};

describe('decisions on changes', () => {
  it('are kept by session, and found again in another window', async () => {
    const kept = memory();
    const decisions = new Decisions(kept, noErrors);
    await decisions.reject('one', ['a', 'b', 'a']);
    const later = new Decisions(kept, noErrors);
    expect([...later.rejected('one')]).toEqual(['a', 'b']);
    expect([...later.rejected('two')]).toEqual([]);
    await later.restore('one', ['a']);
    expect([...decisions.rejected('one')]).toEqual(['b']);
  });

  it('tell who listens which session is meant', async () => {
    const decisions = new Decisions(memory(), noErrors);
    const heard: string[] = [];
    decisions.onDidChange((sessionId) => heard.push(sessionId));
    await decisions.reject('one', ['a']);
    await decisions.addAccepted('two', 3);
    expect(heard).toEqual(['one', 'two']);
  });

  it('remember the last accepted candidates in order, and the newest rejections', async () => {
    const decisions = new Decisions(memory(), noErrors);
    for (const candidate of [1, 2, 3, 4, 5, 6, 3]) await decisions.addAccepted('one', candidate);
    expect(decisions.accepted('one')).toEqual([2, 4, 5, 6, 3]);
    await decisions.reject(
      'one',
      Array.from({ length: 2500 }, (_, index) => `id${index}`),
    );
    expect(decisions.rejected('one').size).toBe(2000);
    expect(decisions.rejected('one').has('id2499')).toBe(true);
  });

  it('start anew where the memory holds something else', () => {
    const decisions = new Decisions(memory({ 'tttDiscover.decisions.one': { rejected: 'all' } }), noErrors);
    expect(decisions.rejected('one').size).toBe(0);
    expect(decisions.accepted('one')).toEqual([]);
  });
});
