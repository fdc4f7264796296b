import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { makeOwnedFolder, removeOwnerless } from '../ownedFolders';

/** Number of a room, which of its connections this is; see python/roomProgram.ts. */
const headerBytes = 5;
const folderKind = 'ttt-discover-warm';

/** Where sandboxes that are made ahead connect to the runner: a socket in a folder of this user's alone, which no sandbox sees. */
export interface MeetingPlace {
  readonly path: string;
  close(): Promise<void>;
}

/** `onConnection` has the connection from behind its header on, paused. What killed runners left of theirs is removed. */
export async function openMeetingPlace(
  onConnection: (room: number, kind: number, connection: Socket) => void,
): Promise<MeetingPlace> {
  await removeOwnerless(folderKind, removeMeetingFolder);
  const folder = makeOwnedFolder(folderKind);
  const path = join(folder, 'rooms');
  const server = createServer({ allowHalfOpen: false }, (connection) => {
    // Who was there and left before its header was read.
    connection.on('error', () => undefined);
    connection.unref();
    const onReadable = (): void => {
      const header: unknown = connection.read(headerBytes);
      if (!(header instanceof Buffer) || header.length < headerBytes) return;
      connection.off('readable', onReadable);
      onConnection(header.readUInt32BE(), header.readUInt8(4), connection);
    };
    connection.on('readable', onReadable);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  server.unref();
  return {
    path,
    async close() {
      server.close();
      await removeMeetingFolder(folder);
    },
  };
}

async function removeMeetingFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
