import { describe, expect, it } from 'vitest';
import { commandIds } from '../../../src/extension/commandIds';
import { lensesFor } from '../../../src/extension/problem/lenses';

describe('the lenses above a problem', () => {
  it('start, evaluate and choose the host', () => {
    expect(lensesFor(0, 'gpu-box', true).map(({ title, command }) => [title, command])).toEqual([
      ['▶ Start discovery', commandIds.startDiscovery],
      ['Evaluate initial program', commandIds.evaluateInitial],
      ['Preview prompt', commandIds.previewPrompt],
      ['host: gpu-box', commandIds.selectHost],
    ]);
    expect(lensesFor(0, 'gpu-box', true).every((lens) => lens.withUri)).toBe(true);
  });

  it('offer to trust a folder that may not be run', () => {
    expect(lensesFor(0, 'gpu-box', false).map(({ title, command }) => [title, command])).toEqual([
      ['$(shield) Trust this folder to run it', 'workbench.trust.manage'],
      ['Preview prompt', commandIds.previewPrompt],
      ['host: gpu-box', commandIds.selectHost],
    ]);
  });

  it('lead to the mistakes while there are any', () => {
    expect(lensesFor(2, 'this machine', true).map(({ title, command }) => [title, command])).toEqual([
      ['$(error) 2 problems to mend first', 'workbench.actions.view.problems'],
      ['host: this machine', commandIds.selectHost],
    ]);
    expect(lensesFor(1, '', true)[0]?.title).toBe('$(error) 1 problem to mend first');
  });
});
