import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';

/** Of a program at the other end of a loopback connection: whose it is, or why that is not known. */
export type PeerUser =
  | { readonly kind: 'own' }
  | { readonly kind: 'other'; readonly userId: number }
  /** The system does not tell: not Linux. */
  | { readonly kind: 'untold' };

/**
 * Whose program holds the other end of a connection to a loopback port of this machine. Root counts as own: it can do everything
 * anyway. A peer that the kernel's tables do not have any more is nobody's.
 */
export async function userOfPeer(socket: Socket): Promise<PeerUser> {
  if (process.platform !== 'linux') return { kind: 'untold' };
  const own = process.getuid?.();
  const { remotePort, localPort } = socket;
  if (remotePort === undefined || localPort === undefined) return { kind: 'other', userId: -1 };
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const userId = ownerIn(await readFile(table, 'latin1').catch(() => ''), remotePort, localPort);
    if (userId !== undefined)
      return userId === own || userId === 0 ? { kind: 'own' } : { kind: 'other', userId };
  }
  return { kind: 'other', userId: -1 };
}

/**
 * The user of the socket with these two ports at loopback addresses, while a program holds it: one that was closed already has no
 * inode, and the kernel calls it root's.
 * @param table as Linux prints it: number, local and remote address in hexadecimal, state, …, user id in the eighth column, inode in
 *   the tenth.
 */
export function ownerIn(table: string, fromPort: number, toPort: number): number | undefined {
  for (const line of table.split('\n')) {
    const [, local = '', remote = '', , , , , userId, , inode = '0'] = line.trim().split(/\s+/);
    if (inode === '0' || portOf(local) !== fromPort || portOf(remote) !== toPort) continue;
    if (isLoopback(local) && isLoopback(remote)) return Number(userId);
  }
  return undefined;
}

function portOf(address: string): number {
  return parseInt(address.split(':')[1] ?? '', 16);
}

/** 127.0.0.0/8 in the machine's byte order, alone or in an IPv6 address; the last byte printed is the first. */
function isLoopback(address: string): boolean {
  const [bytes = ''] = address.split(':');
  return bytes.length === 8 ? bytes.endsWith('7F') : /^0{16}FFFF0000[0-9A-F]{6}7F$/.test(bytes);
}
