import { describe, expect, it } from 'vitest';
import { RemoteError } from '../../../src/remote/hostClient';
import { signalOf, untilAborted } from '../../../src/extension/base/cancellation';
import {
  Cancelled,
  describeFailure,
  isCancelled,
  Refusal,
  stackOf,
} from '../../../src/extension/base/failures';

describe('a failure', () => {
  it('of a host is told with its advice', () => {
    const error = new RemoteError('unreachable', 'No route to farm', 'Check the VPN.');
    expect(describeFailure(error)).toEqual({
      text: 'No route to farm. Check the VPN.',
      severity: 'error',
      remedy: { title: 'Show Log', command: 'showHostLog' },
    });
  });

  it('that a setting can mend leads to it', () => {
    const error = new RemoteError('no-runtime', 'No Node on farm', 'Install it.');
    expect(describeFailure(error).remedy).toMatchObject({
      title: 'Open Settings',
      args: ['tttDiscover.remote.nodeBinary'],
    });
  });

  it('that the user can mend warns, with a button where there is one', () => {
    const remedy = { title: 'Open Diff', command: 'openDiff', args: ['id', 3] } as const;
    expect(describeFailure(new Refusal('Changed since.', remedy))).toEqual({
      text: 'Changed since.',
      severity: 'warning',
      remedy,
    });
    expect(describeFailure(new Refusal('No host is connected.')).remedy).toBeUndefined();
  });

  it('of any other kind leads to the log', () => {
    expect(describeFailure('odd')).toEqual({
      text: 'odd',
      severity: 'error',
      remedy: { title: 'Show Log', command: 'showLog' },
    });
  });

  it('is logged with all its causes', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    expect(stackOf(error)).toMatch(/outer[\s\S]*Caused by: Error: inner/);
  });
});

describe('a cancellation', () => {
  it('is told from failures', () => {
    const abort = new AbortController();
    abort.abort();
    expect(isCancelled(new Cancelled())).toBe(true);
    expect(isCancelled(new RemoteError('cancelled', '', ''))).toBe(true);
    expect(isCancelled(abort.signal.reason)).toBe(true);
    expect(isCancelled(new Error('no'))).toBe(false);
  });

  it('ends waiting at once, and leaves the work alone', async () => {
    const abort = new AbortController();
    let finish: (value: string) => void = () => undefined;
    const work = new Promise<string>((resolve) => (finish = resolve));
    const waiting = untilAborted(work, abort.signal);
    abort.abort();
    await expect(waiting).rejects.toSatisfy(isCancelled);
    finish('done');
    await expect(work).resolves.toBe('done');
  });

  it('follows the token of the editor', () => {
    const listeners: (() => void)[] = [];
    const token = {
      isCancellationRequested: false,
      onCancellationRequested: (listener: () => void) => {
        listeners.push(listener);
        return { dispose: () => undefined };
      },
    };
    const signal = signalOf(token);
    expect(signal.aborted).toBe(false);
    for (const listener of listeners) listener();
    expect(signal.aborted).toBe(true);
  });
});
