import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Cancelled } from '../../../src/extension/base/failures';
import { askingForIsolation } from '../../../src/extension/start/withoutIsolation';
import { RemoteError, type HostTarget } from '../../../src/remote/hostClient';

const shown = vi.hoisted((): { questions: string[]; answer: string | undefined } => ({
  questions: [],
  answer: undefined,
}));
vi.mock('vscode', () => ({
  window: {
    showWarningMessage(message: string, { detail }: { detail: string }): Promise<string | undefined> {
      shown.questions.push(`${message} ${detail}`);
      return Promise.resolve(shown.answer);
    },
  },
}));

let asked: (string | undefined)[] = [];
/** A host that cannot isolate programs. */
const refusing = ({ isolation }: { readonly isolation?: 'none' }): Promise<string> => {
  asked.push(isolation);
  return isolation === 'none'
    ? Promise.resolve('ran')
    : Promise.reject(new RemoteError('not-isolated', 'bwrap is not installed.', 'Install it.'));
};
const host = (alias: string): HostTarget => ({ kind: 'ssh', alias });

beforeEach(() => {
  asked = [];
  shown.questions = [];
  shown.answer = 'Run Without Isolation';
});

describe('a start', () => {
  it('asks nothing where programs can be isolated', async () => {
    expect(await askingForIsolation(host('good'), () => Promise.resolve('ran'))).toBe('ran');
    expect(shown.questions).toEqual([]);
  });

  it('is made again without isolation where the user agrees, who is asked once for a host', async () => {
    expect(await askingForIsolation(host('bare'), refusing)).toBe('ran');
    expect(await askingForIsolation(host('bare'), refusing)).toBe('ran');
    expect(asked).toEqual([undefined, 'none', undefined, 'none']);
    expect(shown.questions).toEqual([
      expect.stringMatching(
        /^Run programs on bare without isolation\? bwrap is not installed\..*all rights of your account/s,
      ),
    ]);
    await askingForIsolation(host('other'), refusing);
    expect(shown.questions).toHaveLength(2);
  });

  it('is not made where the user does not agree', async () => {
    shown.answer = undefined;
    await expect(askingForIsolation(host('refused'), refusing)).rejects.toThrow(Cancelled);
    expect(asked).toEqual([undefined]);
  });

  it('fails as it did before for any other reason', async () => {
    const lost = new RemoteError('lost', 'gone', 'wait');
    await expect(askingForIsolation(host('lost'), () => Promise.reject(lost))).rejects.toBe(lost);
    expect(shown.questions).toEqual([]);
  });
});
