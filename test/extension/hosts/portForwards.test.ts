import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/domain/session/events';
import { emptySnapshot } from '../../../src/domain/session/reduce';
import { forwardItem } from '../../../src/extension/hosts/forward/forwardItems';
import {
  eachOnce,
  portOfText,
  serversOfHost,
  serversOfSessions,
} from '../../../src/extension/hosts/forward/knownServers';
import { PortForwards, urlOf } from '../../../src/extension/hosts/forward/portForwards';
import { applyEntries } from '../../../src/extension/sessions/applyEntries';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import type { LocalPortNeeds } from '../../../src/remote/forward/localPort';
import { RemoteError, type HostClient, type HostTarget } from '../../../src/remote/hostClient';
import { PassThrough } from 'node:stream';
import { created, finished, journalOf } from '../sessions/journal';

const farm: HostTarget = { kind: 'ssh', alias: 'farm' };
const local: HostTarget = { kind: 'local' };
const notAsked = (): never => {
  throw new Error('not asked for');
};

function hostAt(target: HostTarget, listening: readonly number[]) {
  const closed: ((reason: Error | undefined) => void)[] = [];
  const client: HostClient = {
    target,
    description: '',
    start: notAsked,
    list: notAsked,
    examine: notAsked,
    evaluate: notAsked,
    verify: notAsked,
    compare: notAsked,
    attach: notAsked,
    removeEverything: notAsked,
    connectTo: (address) =>
      'port' in address && listening.includes(address.port)
        ? Promise.resolve(new PassThrough())
        : Promise.reject(new RemoteError('unreachable', 'Nothing answers.', 'Start it.')),
    onClosed: (listener) => closed.push(listener),
    close: notAsked,
  };
  return {
    client,
    lose: () => {
      for (const listener of closed) listener(undefined);
    },
  };
}

function forwarding() {
  const opened: (LocalPortNeeds & { isOpen: boolean })[] = [];
  const forwards = new PortForwards(
    (needs) => {
      const port = { ...needs, isOpen: true };
      opened.push(port);
      return Promise.resolve({
        port: 50_000 + opened.length,
        close() {
          port.isOpen = false;
          return Promise.resolve();
        },
      });
    },
    () => undefined,
    (what, error) => {
      throw new Error(what, { cause: error });
    },
  );
  let changes = 0;
  forwards.onDidChange(() => (changes += 1));
  return { forwards, opened, changes: () => changes };
}

describe('forwarded ports', () => {
  it('are listed under their host, once each, and asked for under the same number', async () => {
    const { forwards, opened, changes } = forwarding();
    const { client } = hostAt(farm, [8265]);
    const forward = await forwards.add(client, 8265, 'dashboard');
    expect(await forwards.add(client, 8265, undefined)).toBe(forward);
    expect(opened.map(({ preferredPort }) => preferredPort)).toEqual([8265]);
    expect(forwards.on('ssh:farm')).toEqual([forward]);
    expect(forwards.on('local')).toEqual([]);
    expect(changes()).toBe(1);
    expect(urlOf(forward)).toBe('http://127.0.0.1:50001');
    expect(forwardItem(forward)).toMatchObject({
      label: 'localhost:50001',
      description: 'port 8265 · dashboard',
      contextValue: 'forward',
    });
  });

  it('are none where nobody listens on the host', async () => {
    const { forwards, opened } = forwarding();
    await expect(forwards.add(hostAt(farm, []).client, 8265, undefined)).rejects.toMatchObject({
      code: 'unreachable',
    });
    expect(opened).toEqual([]);
    expect(forwards.all).toEqual([]);
  });

  it('end on the word of the user, with the connection to their host, and with the window', async () => {
    const { forwards, opened } = forwarding();
    const host = hostAt(farm, [1, 2, 3]);
    const other = hostAt(local, [4]);
    const first = await forwards.add(host.client, 1, undefined);
    await forwards.add(host.client, 2, undefined);
    await forwards.add(other.client, 4, undefined);
    forwards.stop(first.id);
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, true, true]);
    // The same port again, and what the old one's end would say is not about it.
    await forwards.add(host.client, 1, undefined);
    host.lose();
    expect(opened.map(({ isOpen }) => isOpen)).toEqual([false, false, true, false]);
    expect(forwards.on('ssh:farm')).toEqual([]);
    forwards.dispose();
    expect(opened.every(({ isOpen }) => !isOpen)).toBe(true);
  });

  it('of this machine have another number than what they lead to', async () => {
    const { forwards, opened } = forwarding();
    await forwards.add(hostAt(local, [4]).client, 4, undefined);
    expect(opened[0]?.preferredPort).toBe(0);
  });
});

describe('the servers of a host', () => {
  const view = (
    target: HostTarget,
    server: string,
    more: readonly SessionEvent[] = [],
    reachedFrom?: 'editor',
  ) => {
    if (created.type !== 'session.created') throw new Error('the first event makes the session');
    const model = { server, model: 'm', ...(reachedFrom === undefined ? {} : { reachedFrom }) };
    const begun: SessionEvent = { ...created, options: { ...created.options, policy: 'openai', model } };
    return {
      id: 'x',
      title: 'Valley',
      target,
      hostLabel: '',
      snapshot: applyEntries(emptySnapshot, journalOf([begun, ...more])).snapshot,
      connection: { state: 'offline' },
    } satisfies SessionView;
  };

  it('are those on its loopback addresses that its living sessions ask', () => {
    const sessions = [
      view(farm, 'http://127.0.0.1:8000/v1'),
      view(farm, 'http://localhost/v1'),
      view(farm, 'http://[::1]:9000'),
      view(farm, 'https://api.openai.com/v1'),
      view(farm, 'skyrl'),
      view(farm, 'http://127.0.0.1:7000/v1', [finished]),
      view(farm, 'http://127.0.0.1:7001/v1', [], 'editor'),
      view(local, 'http://127.0.0.1:7002/v1'),
    ];
    expect(serversOfSessions(sessions, farm).map(({ port }) => port)).toEqual([8000, 80, 9000]);
    expect(serversOfSessions(sessions, farm)[0]?.what).toBe('model server of "Valley"');
  });

  it('are those too that it found, if they answer', () => {
    const found = serversOfHost(
      {
        modelServers: {
          state: 'found',
          value: [
            { url: 'http://127.0.0.1:8000', answers: true, models: ['qwen'] },
            { url: 'http://127.0.0.1:41000', sessionId: 'S1', answers: true, models: [] },
            { url: 'http://127.0.0.1:41001', sessionId: 'S2', answers: true, models: [] },
            { url: 'http://127.0.0.1:8080', answers: false, models: [] },
          ],
        },
      },
      (id) => (id === 'S1' ? 'Valley' : undefined),
    );
    expect(found).toEqual([
      { port: 8000, what: 'model server: qwen' },
      { port: 41_000, what: 'model server of "Valley"' },
      { port: 41_001, what: 'model server of S2' },
    ]);
    expect(eachOnce([{ port: 8000, what: 'first' }, ...found]).map(({ what }) => what)).toEqual([
      'first',
      'model server of "Valley"',
      'model server of S2',
    ]);
  });

  it('may be any other port that is typed', () => {
    expect(['8265', ' 1 ', '65535'].map(portOfText)).toEqual([8265, 1, 65_535]);
    for (const text of ['', '0', '65536', '-1', '1e3', '80 81', 'http', '999999'])
      expect(portOfText(text), text).toBeUndefined();
  });
});
