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
  /** Ends every connection one way: this side is told that no more comes, and can still send. */
  halfClose(side: 'client' | 'server'): void;
  /** Passes bytes again after `blackHole`. */
  restore(): void;
  /** Resets each connection once exactly so many bytes have come from the server; `undefined`: never. */
  cutAfterBytes(bytes: number | undefined): void;
  /** Where each piece that came from the server of the newest connection ended, in bytes from its beginning. */
  readonly fromServer: readonly number[];
  close(): Promise<void>;
}

interface Relay {
  readonly client: Socket;
  readonly server: Socket;
}

/** What a link may hold under way, so that a sender is slowed by its own window and not by the relay. */
const maxUnderWayBytes = 64 * 1024 * 1024;

/** What a link holds that is no faster than it is told: enough to be busy, little enough that its sender feels it. */
const maxQueuedBytes = 256 * 1024;

interface Line {
  send(chunk: Buffer): void;
  end(): void;
}

/** Passes bytes on in their order, each after the delay, as a long line does: many are under way at once. */
function delayLine(
  { delayMs, bytesPerSecond }: { readonly delayMs: number; readonly bytesPerSecond: number },
  from: Socket,
  to: Socket,
): Line {
  if (delayMs === 0 && bytesPerSecond === Infinity) {
    return {
      send(chunk) {
        if (to.writable && !to.write(chunk)) from.pause();
      },
      end: () => to.end(),
    };
  }
  const maxBytes = bytesPerSecond === Infinity ? maxUnderWayBytes : maxQueuedBytes;
  const underWay: { readonly dueMs: number; readonly chunk: Buffer | undefined }[] = [];
  let bytes = 0;
  let isWaiting = false;
  let freeAtMs = 0;
  const arrive = () => {
    isWaiting = false;
    for (;;) {
      const [first] = underWay;
      if (first === undefined || to.destroyed) return;
      const waitMs = first.dueMs - performance.now();
      if (waitMs > 0) {
        isWaiting = true;
        setTimeout(arrive, Math.ceil(waitMs));
        return;
      }
      underWay.shift();
      if (first.chunk === undefined) {
        to.end();
        return;
      }
      bytes -= first.chunk.length;
      if (to.writable) to.write(first.chunk);
      if (bytes < maxBytes) from.resume();
    }
  };
  const put = (chunk: Buffer | undefined) => {
    const length = chunk?.length ?? 0;
    freeAtMs = Math.max(performance.now(), freeAtMs) + (length / bytesPerSecond) * 1000;
    underWay.push({ dueMs: freeAtMs + delayMs, chunk });
    bytes += length;
    if (bytes >= maxBytes) from.pause();
    if (!isWaiting) arrive();
  };
  return { send: put, end: () => put(undefined) };
}

export async function startTcpProxy(target: {
  /** Looked up for each connection, so that a relay may be there before what it leads to. */
  readonly port: number | (() => number);
  /** How long each byte travels, either way: half the round trip. */
  readonly delayMs?: number;
  /** How fast the link is, either way. */
  readonly bytesPerSecond?: number;
}): Promise<TcpProxy> {
  const relays = new Set<Relay>();
  let accepted = 0;
  let isDark = false;
  let cutAfter: number | undefined;
  let newestChunks: number[] = [];

  const cut = (relay: Relay) => {
    relays.delete(relay);
    relay.client.resetAndDestroy();
    relay.server.resetAndDestroy();
  };
  const pace = { delayMs: target.delayMs ?? 0, bytesPerSecond: target.bytesPerSecond ?? Infinity };
  const listener = createServer({ allowHalfOpen: true }, (client) => {
    accepted++;
    newestChunks = [];
    const port = typeof target.port === 'number' ? target.port : target.port();
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const relay = { client, server };
    relays.add(relay);
    let fromServerBytes = 0;
    client.setNoDelay(true);
    server.setNoDelay(true);
    const forward = (from: Socket, to: Socket) => {
      const line = delayLine(pace, from, to);
      from.on('data', (chunk) => {
        if (from === server) {
          const room = (cutAfter ?? Infinity) - fromServerBytes;
          fromServerBytes += chunk.length;
          newestChunks.push(fromServerBytes);
          if (chunk.length > room) {
            from.pause();
            if (room > 0) to.write(chunk.subarray(0, room), () => cut(relay));
            else cut(relay);
            return;
          }
        }
        line.send(chunk);
      });
      to.on('drain', () => {
        if (!isDark) from.resume();
      });
      from.on('end', () => line.end());
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
  listener.listen(0, '127.0.0.1');
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
    halfClose(side) {
      for (const relay of relays) relay[side].end();
    },
    restore() {
      isDark = false;
      for (const { client, server } of relays) {
        client.resume();
        server.resume();
      }
    },
    get fromServer() {
      return newestChunks;
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
