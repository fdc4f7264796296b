import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keyedRandom } from '../../src/domain/keyedRandom';
import { linkModel, type ModelLink } from '../../src/remote/forward/modelLink';
import type { GroupRequest, Policy, Proposal } from '../../src/policy/policy';
import { waitsForEditor } from '../../src/runner/host/editorReachedPolicy';
import { ModelLink as SessionEnd } from '../../src/runner/host/modelLink';
import { sessionFolder } from '../../src/runner/host/sessionFolder';
import { reset } from '../support/fakeTinker/faults';
import { FakeTinkerServer } from '../support/fakeTinker/fakeTinkerServer';
import { BuiltRunner } from './support/builtRunner';
import {
  begin,
  candidatesOf,
  expectWhole,
  hasTrained,
  hurriedClock,
  hurriedWallMs,
  learnedOf,
  pauseOf,
  type Trial,
} from './support/faultTrial';
import { withTemporaryFolder } from './support/temporaryFolder';

// Minutes of the runner's clock are seconds of ours, and more of them where others use the machine.
vi.setConfig({ testTimeout: 180_000 });

const plain = { mode: 'both', vocabulary: 11, nowMs: hurriedWallMs } as const;
let runner: BuiltRunner;
beforeAll(async () => {
  runner = await BuiltRunner.build({ plugins: [hurriedClock] });
}, 60_000);
afterAll(() => runner.dispose());

function editorFor(root: string, sessionId: string, server: string): ModelLink {
  return linkModel({
    connect: async () => {
      const socket = connect(sessionFolder(root, sessionId).modelSocketPath);
      await once(socket, 'connect');
      return socket;
    },
    server,
    key: () => Promise.resolve(undefined),
    onReady: () => undefined,
    log: () => undefined,
  });
}

const train = (server: FakeTinkerServer, reachedFrom: 'host' | 'editor'): Promise<Trial> =>
  begin(runner, { policy: 'tinker', server: server.url, model: { reachedFrom } });

describe('a training session whose server the editor reaches', () => {
  it('learns what it learns without the way between, also where the editor leaves in the middle of an update', async () => {
    const direct = await FakeTinkerServer.start(plain);
    const undisturbed = await train(direct, 'host');
    const expected = await undisturbed.untilHalt();
    expectWhole(expected, undisturbed);

    const server = await FakeTinkerServer.start(plain);
    const trial = await train(server, 'editor');
    let editor = editorFor(runner.root, trial.sessionId, server.url);
    let hasLeft = false;
    server.faults.rule = ({ path }) => {
      if (path !== '/forward_backward' || !hasTrained(server) || hasLeft) return undefined;
      hasLeft = true;
      editor.close();
      return reset;
    };
    const halted = await trial.untilHalt();
    expect(hasLeft).toBe(true);
    expect(halted.event).toMatchObject({ code: 'needs-endpoint' });
    expect(pauseOf(halted)).toBe(
      `The model server ${server.url} is reached from the editor (policy.reachedFrom), and no editor is attached to this session. ` +
        'Open the session in the editor on the machine that reaches the server: it goes on by itself then.',
    );
    editor = editorFor(runner.root, trial.sessionId, server.url);
    await trial.resume();
    const end = await trial.untilHalt(halted.entries.length);
    expectWhole(end, trial);
    expect(candidatesOf(end)).toEqual(candidatesOf(expected));
    expect(learnedOf(end, server)).toEqual(learnedOf(expected, direct));
    editor.close();
    await Promise.all([direct.close(), server.close()]);
  });
});

describe('a policy that waits for an editor', () => {
  const request: GroupRequest = {
    step: 0,
    group: 0,
    parent: { candidate: 0, text: '' },
    members: [0],
    random: (member) => keyedRandom(1, member),
  };
  const asking = (
    propose: Policy['propose'],
    update: Policy['update'] = () => Promise.reject(new Error('none')),
  ) =>
    ({
      propose,
      update,
      save: () => null,
      restore: () => undefined,
      dispose: () => Promise.resolve(),
    }) satisfies Policy;

  async function withLink(use: (link: SessionEnd, socketPath: string) => Promise<void>): Promise<void> {
    await withTemporaryFolder(async (root) => {
      const { modelSocketPath: socketPath } = sessionFolder(root, '01ARZ3NDEKTSV4RRFFQ69G5FAV');
      const setup = { socketPath, server: 'http://farm:8000', patienceMs: 50, log: () => undefined };
      const link = await SessionEnd.open(setup);
      await use(link, socketPath).finally(() => link.close());
    });
  }
  const never = new AbortController().signal;
  const all = async (proposals: AsyncIterable<Proposal>): Promise<Proposal[]> => {
    const found: Proposal[] = [];
    for await (const proposal of proposals) found.push(proposal);
    return found;
  };
  const untilEnded = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      const end = (): void => reject(new Error('ended'));
      if (signal.aborted) end();
      signal.addEventListener('abort', end, { once: true });
    });

  it('is ended when none is there for a while, and says so', () =>
    withLink(async (link) => {
      const policy = waitsForEditor(
        asking(
          // eslint-disable-next-line require-yield
          async function* (_request, signal) {
            await untilEnded(signal);
          },
          (_groups, _options, signal) => untilEnded(signal),
        ),
        () => Promise.resolve(link),
      );
      await expect(all(policy.propose(request, never))).rejects.toMatchObject({ code: 'needs-endpoint' });
      await expect(policy.update([], { train: true }, never)).rejects.toMatchObject({
        code: 'needs-endpoint',
      });
    }));

  it('fails as it does where the session itself ends it', () =>
    withLink(async (link) => {
      const halt = new AbortController();
      const policy = waitsForEditor(
        asking(() => ({ [Symbol.asyncIterator]: () => ({ next: () => untilEnded(halt.signal) }) })),
        () => Promise.resolve(link),
      );
      const proposals = all(policy.propose(request, halt.signal));
      halt.abort();
      await expect(proposals).rejects.toThrow('ended');
    }));

  it('fails as it does while an editor is there', () =>
    withLink(async (link, socketPath) => {
      const editor = linkModel({
        connect: async () => {
          const socket = connect(socketPath);
          await once(socket, 'connect');
          return socket;
        },
        server: 'http://farm:8000',
        key: () => Promise.resolve(undefined),
        onReady: () => undefined,
        log: () => undefined,
      });
      await link.attached(never);
      const policy = waitsForEditor(
        asking(() => {
          throw new Error('the model is gone');
        }),
        () => Promise.resolve(link),
      );
      await expect(all(policy.propose(request, never))).rejects.toThrow('the model is gone');
      editor.close();
    }));
});
