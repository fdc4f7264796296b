import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const { shown } = vi.hoisted(() => ({ shown: { titles: [] as string[], cancel: (): void => undefined } }));
vi.mock('vscode', () => ({
  ProgressLocation: { Notification: 15 },
  window: {
    withProgress: (
      { title }: { title: string },
      task: (progress: unknown, token: unknown) => Promise<unknown>,
    ) => {
      shown.titles.push(title);
      return task(undefined, {
        isCancellationRequested: false,
        onCancellationRequested: (listener: () => void) => (shown.cancel = listener),
      });
    },
  },
}));

import { whenSlow } from '../../../src/extension/base/progress';

describe('work that is mostly short', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    shown.titles = [];
  });
  afterEach(() => void vi.useRealTimers());

  it('shows nothing when it is', async () => {
    await expect(whenSlow('Pausing', Promise.resolve(7))).resolves.toBe(7);
    await expect(whenSlow('Pausing', Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(shown.titles).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('shows after a second, and gives its result', async () => {
    let finish: (value: number) => void = () => undefined;
    const result = whenSlow('Pausing', new Promise<number>((resolve) => (finish = resolve)));
    await vi.advanceTimersByTimeAsync(1000);
    expect(shown.titles).toEqual(['Pausing']);
    finish(7);
    await expect(result).resolves.toBe(7);
  });

  it('is not waited for any more when the user cancels', async () => {
    const result = whenSlow('Pausing', new Promise(() => undefined));
    const caught = result.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1000);
    shown.cancel();
    expect(await caught).toMatchObject({ name: 'AbortError' });
  });
});
