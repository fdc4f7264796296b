import { describe, expect, it } from 'vitest';
import { isCancelled } from '../../../src/extension/base/failures';
import { HostConnections } from '../../../src/extension/hosts/hostConnections';
import { RemoteError, type HostClient, type HostTarget, type Progress } from '../../../src/remote/hostClient';

const farm: HostTarget = { kind: 'ssh', alias: 'farm' };
const never = new AbortController().signal;
const fail = (what: string, error: unknown): void => {
  throw new Error(what, { cause: error });
};
const notAsked = (): never => {
  throw new Error('not asked for');
};

class FakeClient implements HostClient {
  readonly target = farm;
  readonly description = 'farm, Node 22';
  readonly start = notAsked;
  readonly list = notAsked;
  readonly examine = notAsked;
  readonly evaluate = notAsked;
  readonly verify = notAsked;
  readonly compare = notAsked;
  readonly attach = notAsked;
  readonly removeEverything = notAsked;
  readonly connectTo = notAsked;
  isOpen = true;
  private readonly closeListeners: ((reason: Error | undefined) => void)[] = [];
  onClosed(listener: (reason: Error | undefined) => void): void {
    this.closeListeners.push(listener);
  }
  close(): Promise<void> {
    this.isOpen = false;
    this.lose(undefined);
    return Promise.resolve();
  }
  lose(reason: Error | undefined): void {
    for (const listener of this.closeListeners) listener(reason);
  }
}

/** Connections whose attempts the test ends. */
function connectionsByHand() {
  const attempts: {
    readonly signal: AbortSignal;
    readonly succeed: (client: HostClient) => void;
    readonly fail: (error: unknown) => void;
  }[] = [];
  const connections = new HostConnections(
    (_target, signal) => new Promise((succeed, reject) => attempts.push({ signal, succeed, fail: reject })),
    fail,
  );
  const states: string[] = [];
  connections.onDidChange((key) => states.push(connections.stateOf(key).state));
  return { connections, attempts, states };
}

describe('the connections to hosts', () => {
  it('are one a host, shared by all that ask', async () => {
    const { connections, attempts, states } = connectionsByHand();
    const both = [connections.connect(farm, never), connections.connect(farm, never)];
    const client = new FakeClient();
    attempts[0]!.succeed(client);
    expect(await Promise.all(both)).toEqual([client, client]);
    expect(await connections.connect(farm, never)).toBe(client);
    expect(attempts.length).toBe(1);
    expect(states).toEqual(['connecting', 'connected']);
    expect(connections.stateOf('ssh:farm')).toEqual({ state: 'connected', description: 'farm, Node 22' });
  });

  it('remember why an attempt failed, and try again when asked', async () => {
    const { connections, attempts, states } = connectionsByHand();
    const first = connections.connect(farm, never);
    attempts[0]!.fail(new RemoteError('unreachable', 'No route', 'Check the VPN.'));
    await expect(first).rejects.toThrow('No route');
    expect(connections.stateOf('ssh:farm')).toEqual({
      state: 'failed',
      message: 'No route',
      advice: 'Check the VPN.',
    });
    const second = connections.connect(farm, never);
    attempts[1]!.succeed(new FakeClient());
    await second;
    expect(states).toEqual(['connecting', 'failed', 'connecting', 'connected']);
  });

  it('tell everyone who waits what is being done', async () => {
    let tell: Progress = () => undefined;
    const connections = new HostConnections((_target, _signal, progress) => {
      tell = progress;
      return new Promise(() => undefined);
    }, fail);
    const heard: string[] = [];
    const one = new AbortController();
    const waiting = connections.connect(farm, one.signal, (message) => heard.push(`one: ${message}`));
    void connections.connect(farm, never, (message) => heard.push(`two: ${message}`));
    tell('uploading Node');
    one.abort();
    await expect(waiting).rejects.toSatisfy(isCancelled);
    tell('almost there');
    expect(heard).toEqual(['one: uploading Node', 'two: uploading Node', 'two: almost there']);
  });

  it('go on for one caller when another cancels', async () => {
    const { connections, attempts } = connectionsByHand();
    const impatient = new AbortController();
    const first = connections.connect(farm, impatient.signal);
    const second = connections.connect(farm, never);
    impatient.abort();
    await expect(first).rejects.toSatisfy(isCancelled);
    expect(attempts[0]!.signal.aborted).toBe(false);
    attempts[0]!.succeed(new FakeClient());
    await expect(second).resolves.toBeInstanceOf(FakeClient);
  });

  it('are given up when every caller cancelled, which is no failure', async () => {
    const { connections, attempts, states } = connectionsByHand();
    const impatient = new AbortController();
    const waiting = connections.connect(farm, impatient.signal);
    impatient.abort();
    await expect(waiting).rejects.toSatisfy(isCancelled);
    expect(attempts[0]!.signal.aborted).toBe(true);
    attempts[0]!.fail(new RemoteError('cancelled', '', ''));
    await expect.poll(() => states).toEqual(['connecting', 'disconnected']);
  });

  it('notice that contact was lost, and connect anew', async () => {
    const { connections, attempts } = connectionsByHand();
    const lost = new FakeClient();
    const first = connections.connect(farm, never);
    attempts[0]!.succeed(lost);
    await first;
    lost.lose(new RemoteError('lost', 'The connection broke', ''));
    expect(connections.stateOf('ssh:farm')).toMatchObject({
      state: 'failed',
      message: 'The connection broke',
    });
    const second = connections.connect(farm, never);
    const client = new FakeClient();
    attempts[1]!.succeed(client);
    expect(await second).toBe(client);
  });

  it('are closed by the user, also while they are being made', async () => {
    const { connections, attempts, states } = connectionsByHand();
    const waiting = connections.connect(farm, never);
    const closing = connections.disconnect('ssh:farm');
    expect(attempts[0]!.signal.aborted).toBe(true);
    const late = new FakeClient();
    attempts[0]!.succeed(late);
    await closing;
    await waiting;
    expect(late.isOpen).toBe(false);
    expect(states).toEqual(['connecting', 'disconnected']);
  });
});
