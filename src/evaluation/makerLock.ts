import { lstat, readlink, symlink, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from './fileErrors';
import { readProcess } from './processTable';

const betweenLooksMs = 200;
/** The owner may sit on another host of a shared home folder, where we cannot see whether it lives. */
const patienceWithOtherHostsMs = 15 * 60_000;

/**
 * Keeps two makers of the same thing from doing the same work: a link whose target names its owner, so that the lock
 * and its owner come to be in one step. It saves work and guards nothing: results are published atomically by others
 * means, so that it does no harm when two steal a dead owner's lock at once.
 */
export async function withMakerLock<T>(
  path: string,
  options: {
    readonly signal: AbortSignal;
    readonly onWaiting: () => void;
    /** Looked at while waiting: something defined ends the wait, without the lock. */
    readonly made: () => Promise<T | undefined>;
  },
  make: () => Promise<T>,
): Promise<T> {
  let announced = false;
  for (;;) {
    options.signal.throwIfAborted();
    const made = await options.made();
    if (made !== undefined) return made;
    if (await take(path)) break;
    if (!(await ownerLives(path))) {
      await unlinkIfPresent(path);
      continue;
    }
    if (!announced) options.onWaiting();
    announced = true;
    await delay(betweenLooksMs, undefined, { signal: options.signal }).catch(() => {
      options.signal.throwIfAborted();
    });
  }
  try {
    return await make();
  } finally {
    await unlinkIfPresent(path);
  }
}

/** Names this process for good: `host:pid:start`. */
export function processIdentity(): string {
  return `${hostname()}:${process.pid}:${readProcess(process.pid)?.startTicks ?? 0}`;
}

/** False only if the process is known to be dead; undefined if it belongs to another host. */
export function identityLives(identity: string): boolean | undefined {
  const [host, pidText, ticks] = identity.split(':');
  if (host !== hostname()) return undefined;
  const pid = Number(pidText);
  if (ticks !== '0') return String(readProcess(pid)?.startTicks) === ticks;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

async function take(path: string): Promise<boolean> {
  try {
    await symlink(processIdentity(), path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function ownerLives(path: string): Promise<boolean> {
  try {
    const lives = identityLives(await readlink(path));
    if (lives !== undefined) return lives;
    return Date.now() - (await lstat(path)).mtimeMs < patienceWithOtherHostsMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function unlinkIfPresent(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}
