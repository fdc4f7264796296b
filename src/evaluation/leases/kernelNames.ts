import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { errorCode } from '../fileErrors';

/**
 * Names that one process of a host has at a time, of whichever user: those of sockets in Linux's abstract namespace (unix(7)). There is no
 * file behind them that could stay: the kernel gives a name back when its process ends, however it ends. No child inherits it, and in a sandbox with
 * a network namespace of its own nobody can see or take it.
 */
export interface HeldName {
  readonly name: string;
  giveBack(): Promise<void>;
}

const prefix = 'ttt-discover/';
/** All that the kernel has room for: shorter names are filled with zeros by some versions of Node, and by some not. */
const pathBytes = 108;
const filler = '.';

/** Undefined if another process has it, or this one. */
export function takeName(name: string): Promise<HeldName | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => {
      if (errorCode(error) === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(`\0${prefix}${name}`.padEnd(pathBytes, filler), () => {
      // It is given back with the process, and keeps none alive.
      server.unref();
      resolve({
        name,
        giveBack: () =>
          new Promise((done) => {
            server.close(() => done());
          }),
      });
    });
  });
}

/** Names that begin so and that some process has. */
export async function namesTaken(beginning: string): Promise<readonly string[]> {
  const table = await readFile('/proc/net/unix', 'utf8');
  const wanted = `@${prefix}${beginning}`;
  return table.split('\n').flatMap((line) => {
    const place = line.lastIndexOf(wanted);
    return place < 0 ? [] : [line.slice(place + 1 + prefix.length).replace(/\.+$/, '')];
  });
}
