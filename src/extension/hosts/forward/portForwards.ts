import type { LocalPort, LocalPortNeeds } from '../../../remote/forward/localPort';
import { hostKeyOf, type HostClient, type HostTarget } from '../../../remote/hostClient';
import { Emitter, type Closeable, type Subscribe } from '../../base/emitter';
import { labelOf } from '../hostTargets';
import { t } from '../../base/translate';

/** A port of a host that has a loopback port on this machine. */
export interface PortForward {
  /** Unique in this window. */
  readonly id: string;
  readonly hostKey: string;
  readonly hostLabel: string;
  readonly hostPort: number;
  /** What listens there, where that is known. */
  readonly what: string | undefined;
  /** On 127.0.0.1. */
  readonly localPort: number;
}

/** Forwarded ports of this window, each for as long as the connection to its host that it was opened with. */
export class PortForwards implements Closeable {
  private readonly open = new Map<string, { readonly forward: PortForward; readonly local: LocalPort }>();
  private readonly changes: Emitter<void>;
  readonly onDidChange: Subscribe<void>;

  constructor(
    private readonly openLocalPort: (needs: LocalPortNeeds) => Promise<LocalPort>,
    private readonly log: (message: string) => void,
    private readonly onError: (what: string, error: unknown) => void,
  ) {
    this.changes = new Emitter((error) => onError('forwarded ports', error));
    this.onDidChange = this.changes.event;
  }

  get all(): readonly PortForward[] {
    return [...this.open.values()].map(({ forward }) => forward);
  }

  on(hostKey: string): readonly PortForward[] {
    return this.all.filter((forward) => forward.hostKey === hostKey);
  }

  get(id: string): PortForward | undefined {
    return this.open.get(id)?.forward;
  }

  /**
   * Opens a port; one that is forwarded already is given again. Somebody must listen on the host now: rejects with a `RemoteError`
   * where nobody does.
   */
  async add(client: HostClient, hostPort: number, what: string | undefined): Promise<PortForward> {
    const { target } = client;
    const id = idOf(target, hostPort);
    const known = this.get(id);
    if (known !== undefined) return known;
    (await client.connectTo({ port: hostPort })).destroy();
    const place = t('port {0} of {1}', hostPort, labelOf(target));
    const local = await this.openLocalPort({
      connect: () => client.connectTo({ port: hostPort }),
      // On the host itself that number is taken, by what is to be reached.
      preferredPort: target.kind === 'local' ? 0 : hostPort,
      onTrouble: (message) => this.log(`A connection to ${place}: ${message}`),
    });
    const other = this.get(id);
    if (other !== undefined) {
      await local.close();
      return other;
    }
    const forward: PortForward = {
      id,
      hostKey: hostKeyOf(target),
      hostLabel: labelOf(target),
      hostPort,
      what,
      localPort: local.port,
    };
    this.open.set(id, { forward, local });
    this.log(`${place} is 127.0.0.1:${local.port} here.`);
    // Listened to last: it is told at once where the connection has ended meanwhile.
    client.onClosed(() => {
      if (this.get(id) === forward) this.stop(id);
    });
    this.changes.fire();
    return forward;
  }

  /** Ends its connections. */
  stop(id: string): void {
    const entry = this.open.get(id);
    if (entry === undefined) return;
    this.open.delete(id);
    const { hostPort, hostLabel } = entry.forward;
    this.log(`Port ${hostPort} of ${hostLabel} is not forwarded any more.`);
    entry.local.close().catch((error: unknown) => this.onError('closing a forwarded port', error));
    this.changes.fire();
  }

  dispose(): void {
    for (const id of [...this.open.keys()]) this.stop(id);
    this.changes.dispose();
  }
}

function idOf(target: HostTarget, hostPort: number): string {
  return `forward ${hostPort} ${hostKeyOf(target)}`;
}

/** Not `localhost`: that may be another address, where another user's program could listen. */
export function urlOf({ localPort }: Pick<PortForward, 'localPort'>): string {
  return `http://127.0.0.1:${localPort}`;
}
