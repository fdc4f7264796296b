import { existsSync, readFileSync } from 'node:fs';
import type { Machine } from './machine';
import { isRunning, type ProcessIdentity } from './processIdentity';

/** Who a process was and where, as it wrote down itself. Older runners wrote less. */
export interface ProcessRecord {
  readonly process: ProcessIdentity;
  readonly hostName: string;
  readonly machineId?: string | undefined;
  readonly pidNamespace?: string | undefined;
}

export type ProcessFate =
  | 'alive'
  /** Provably not there any more, since the same boot. */
  | 'gone'
  /** The machine, or the container that is its machine, was started again since. */
  | 'rebooted'
  /** On a machine, or in a container, whose processes cannot be seen from here; it may live. */
  | 'elsewhere';

/**
 * What became of a process, as far as this machine can prove it. A home folder may be shared: a record of another machine says
 * nothing here, whatever its process id is.
 * @param socketPath where the process listens: the last evidence of one that this container does not see.
 */
export function fateOf(record: ProcessRecord, here: Machine, socketPath: string): ProcessFate {
  if (!isSameMachine(record, here)) return 'elsewhere';
  if (record.process.bootId !== here.bootId) return 'rebooted';
  if (areDifferent(record.pidNamespace, here.pidNamespace)) {
    // The same name, another numbering: this container after its restart, or a sandbox beside the one it runs in.
    return isListenedOn(socketPath) ? 'elsewhere' : 'rebooted';
  }
  return isRunning(record.process) ? 'alive' : 'gone';
}

/** Machines made from one image may share the id, and machines of one make their name: both must agree. */
function isSameMachine(record: ProcessRecord, here: Machine): boolean {
  return record.hostName === here.hostName && !areDifferent(record.machineId, here.machineId);
}

function areDifferent(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

/** Whether a process of this network namespace listens on a socket of this path (`/proc/net/unix`, proc(5)). */
function isListenedOn(socketPath: string): boolean {
  if (!existsSync('/proc/net/unix')) return false;
  const acceptsConnections = '00010000';
  return readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${socketPath}`) && line.split(/\s+/)[3] === acceptsConnections);
}
