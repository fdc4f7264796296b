import { describe, expect, it } from 'vitest';
import { commandIds } from '../../../src/extension/commandIds';
import { lensesFor } from '../../../src/extension/problem/lenses';

describe('the lenses above a problem', () => {
  it('start, evaluate and choose the host', () => {
    expect(lensesFor(0, 'gpu-box').map(({ title, command }) => [title, command])).toEqual([
      ['▶ Start discovery', commandIds.startDiscovery],
      ['Evaluate initial program', commandIds.evaluateInitial],
      ['host: gpu-box', commandIds.selectHost],
    ]);
    expect(lensesFor(0, 'gpu-box').every((lens) => lens.withUri)).toBe(true);
  });

  it('lead to the mistakes while there are any', () => {
    expect(lensesFor(2, 'this machine').map(({ title, command }) => [title, command])).toEqual([
      ['$(error) 2 problems to mend first', 'workbench.actions.view.problems'],
      ['host: this machine', commandIds.selectHost],
    ]);
    expect(lensesFor(1, '')[0]?.title).toBe('$(error) 1 problem to mend first');
  });
});
