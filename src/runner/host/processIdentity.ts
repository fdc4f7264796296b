import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { errorCode } from '../journal/diskFullError';

/**
 * A process as no other can be taken for it: process ids are used again, but not with the same start time since the same
 * boot.
 */
export const processIdentity = z.object({
  pid: z.int().min(1),
  /** Clock ticks from the boot to the process's start. */
  startTicks: z.string(),
  bootId: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentity>;

/** Sessions need `/proc`. */
export class UnsupportedHostError extends Error {
  override readonly name = 'UnsupportedHostError';
  readonly advice = 'Run sessions on a Linux host; the editor itself may be anywhere.';
  constructor(options?: ErrorOptions) {
    super('This system has no /proc, which the runner needs to tell processes apart.', options);
  }
}

export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch (error) {
    throw new UnsupportedHostError({ cause: error });
  }
}

/** Who runs this code. */
export function ownIdentity(): ProcessIdentity {
  const identity = identityOf(process.pid);
  if (identity === undefined) throw new UnsupportedHostError();
  return identity;
}

/** The process that has this id now; `undefined` if there is none. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat === undefined ? undefined : { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** Whether exactly this process runs now. A zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === bootId() && isRunning(identity);
}

/** As `isAlive`, for a process of this boot. */
export function isRunning(identity: ProcessIdentity): boolean {
  const stat = readStat(identity.pid);
  return stat !== undefined && stat.startTicks === identity.startTicks && !/[ZXx]/.test(stat.state);
}

/** From `/proc/PID/stat`: the state and the start time, fields 3 and 22 (proc(5)). */
function readStat(pid: number): { readonly state: string; readonly startTicks: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch (error) {
    // ESRCH: it ended between open and read.
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return undefined;
    throw error;
  }
  // Field 2 is the program's name in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTicks = fields[19];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}
