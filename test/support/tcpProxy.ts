import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP relay on loopback whose connections a test can cut. */
export interface TcpProxy {
  readonly port: number;
  /** Connections relayed since the start. */
  readonly accepted: number;
  readonly open: number;
  /** Ends every connection with a reset, as a crashed machine or a firewall would. */
  reset(): void;
  /** Lets every connection stand, old and new, without passing a byte on, as a dead link would. */
  blackHole(): void;
  /** Passes bytes again after `blackHole`. */
  restore(): void;
  /** Resets each connection once so many bytes have come from the server; `undefined`: never. */
  cutAfterBytes(bytes: number | undefined): void;
  close(): Promise<void>;
}

interface Relay {
  readonly client: Socket;
  readonly server: Socket;
}

export async function startTcpProxy(target: {
  readonly port: number;
  readonly listenPort?: number;
}): Promise<TcpProxy> {
  const relays = new Set<Relay>();
  let accepted = 0;
  let isDark = false;
  let cutAfter: number | undefined;

  const cut = (relay: Relay) => {
    relays.delete(relay);
    relay.client.resetAndDestroy();
    relay.server.resetAndDestroy();
  };
  const listener = createServer((client) => {
    accepted++;
    const server = connect(target.port, '127.0.0.1');
    const relay = { client, server };
    relays.add(relay);
    let fromServerBytes = 0;
    client.setNoDelay(true);
    server.setNoDelay(true);
    const forward = (from: Socket, to: Socket) => {
      from.on('data', (chunk) => {
        if (from === server) {
          fromServerBytes += chunk.length;
          if (cutAfter !== undefined && fromServerBytes > cutAfter) {
            cut(relay);
            return;
          }
        }
        if (!to.write(chunk)) from.pause();
      });
      to.on('drain', () => {
        if (!isDark) from.resume();
      });
      from.on('end', () => to.end());
      from.on('error', () => cut(relay));
      from.on('close', () => {
        relays.delete(relay);
        to.destroy();
      });
    };
    forward(client, server);
    forward(server, client);
    if (isDark) darken(relay);
  });
  const darken = ({ client, server }: Relay) => {
    client.pause();
    server.pause();
  };
  listener.listen(target.listenPort ?? 0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('The relay has no port.');

  return {
    port: address.port,
    get accepted() {
      return accepted;
    },
    get open() {
      return relays.size;
    },
    reset() {
      for (const relay of [...relays]) cut(relay);
    },
    blackHole() {
      isDark = true;
      for (const relay of relays) darken(relay);
    },
    restore() {
      isDark = false;
      for (const { client, server } of relays) {
        client.resume();
        server.resume();
      }
    },
    cutAfterBytes(bytes) {
      cutAfter = bytes;
    },
    async close() {
      const closed = once(listener, 'close');
      listener.close();
      for (const relay of [...relays]) cut(relay);
      await closed;
    },
  };
}
