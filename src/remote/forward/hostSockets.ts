import type { Duplex } from 'node:stream';
import type { InstalledRunner } from '../attach/runnerCommand';
import type { HostAddress } from '../hostClient';
import { multiplexBeside, type SocketTransport } from '../multiplex/multiplexedTransport';
import type { SocketAddress, Transport } from '../transport';

/** The sockets of one connected host, all over one channel that is opened with the first and again when it was lost. */
export class HostSockets {
  private channel: Promise<SocketTransport> | undefined;

  constructor(
    private readonly transport: Transport,
    private readonly runner: InstalledRunner,
  ) {}

  /** Rejects with a `RemoteError`. */
  async connect(address: HostAddress): Promise<Duplex> {
    const target: SocketAddress =
      'port' in address ? address : { root: this.runner.root, sessionId: address.modelOfSession };
    // Where everything goes over one channel, sockets do too.
    if (this.transport.connect !== undefined) return this.transport.connect(target);
    return (await this.open()).connect(target);
  }

  private open(): Promise<SocketTransport> {
    if (this.channel !== undefined) return this.channel;
    const channel = multiplexBeside(this.transport, this.runner);
    this.channel = channel;
    const forget = (): void => {
      if (this.channel === channel) this.channel = undefined;
    };
    channel.then((opened) => opened.onClosed(forget), forget);
    return channel;
  }
}
