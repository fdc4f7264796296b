import { createServer, type Server, type Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';
import { userOfPeer, type PeerUser } from './peerUser';

export interface LocalPortNeeds {
  /** A new connection to the port of the host. */
  readonly connect: () => Promise<Duplex>;
  /** Taken where it is free, so that addresses look the same on both sides; else the system chooses. */
  readonly preferredPort: number;
  /** A connection came to nothing, in words. */
  readonly onTrouble: (message: string) => void;
  readonly peerOf?: (socket: Socket) => Promise<PeerUser>;
}

/** A loopback port of this machine that leads to one of a host. */
export interface LocalPort {
  readonly port: number;
  /** Ends its connections too. */
  close(): Promise<void>;
}

/**
 * Opens a port on 127.0.0.1 whose connections go to the host. Where the system tells whose program connects (Linux), programs of
 * other users of this machine are refused.
 */
export async function openLocalPort(needs: LocalPortNeeds): Promise<LocalPort> {
  const open = new Set<Socket>();
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => open.delete(socket));
    join(socket, needs).catch((error: unknown) => {
      needs.onTrouble(error instanceof Error ? error.message : String(error));
      socket.destroy();
    });
  });
  const port = await listen(server, needs.preferredPort).catch((error: unknown) => {
    if (isTaken(error)) return listen(server, 0);
    throw error;
  });
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

async function join(socket: Socket, { connect, peerOf = userOfPeer }: LocalPortNeeds): Promise<void> {
  const peer = await peerOf(socket);
  if (peer.kind === 'other') throw new Error(refusalOf(peer.userId));
  const stream = await connect();
  if (socket.destroyed) {
    stream.destroy();
    return;
  }
  // How a connection ends is its two programs' affair.
  pipeline(socket, stream, () => undefined);
  pipeline(stream, socket, () => undefined);
}

function refusalOf(userId: number): string {
  const who =
    userId < 0 ? 'A program that was gone at once' : `A program of another user of this machine (${userId})`;
  return `${who} was refused.`;
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('There is no port.'));
      else resolve(address.port);
    });
  });
}

/** In use, or below those that a user may have. */
function isTaken(error: unknown): boolean {
  return (
    error instanceof Error && 'code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')
  );
}
