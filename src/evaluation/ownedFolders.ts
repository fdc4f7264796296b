import { lstatSync, mkdtempSync, readFileSync, readlinkSync, symlinkSync } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode } from './fileErrors';
import { hasProcessTable, readProcess } from './processTable';

/** In such a folder: a link whose target names its owner. */
const ownerName = 'owner';

/**
 * A new folder `KIND-…` in the temporary folder, of this user alone and for this process, that says whose it is. Where that process is killed, the next one of this
 * host removes it; see `removeOwnerless`.
 */
export function makeOwnedFolder(kind: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${kind}-`));
  const owner = ownIdentity();
  if (owner !== undefined) symlinkSync(owner, join(folder, ownerName));
  return folder;
}

/**
 * Removes the folders of one kind whose owners have ended for certain. Folders that do not say whose they are stay, and so do those of other users, other
 * boots, and other containers: whether their owners live cannot be seen from here.
 */
export async function removeOwnerless(
  kind: string,
  remove: (folder: string) => Promise<void>,
): Promise<void> {
  const here = placeOfProcesses();
  if (here === undefined) return;
  const names = await readdir(tmpdir()).catch((error: unknown) => {
    // It may be forbidden to look what others have there.
    if (errorCode(error) === 'EACCES') return [];
    throw error;
  });
  for (const name of names) {
    const folder = join(tmpdir(), name);
    if (!name.startsWith(`${kind}-`) || !(await isLeft(folder, here))) continue;
    try {
      await remove(folder);
    } catch {
      // Another process may have been faster. Else it stays, small as it is, and the next one tries again.
    }
  }
}

async function isLeft(folder: string, here: string): Promise<boolean> {
  try {
    const found = await lstat(folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.()) return false;
    return hasEnded(await readlink(join(folder, ownerName)), here);
  } catch (error) {
    // Removed meanwhile, of another user, or without a name of its owner that is a link.
    if (['ENOENT', 'EACCES', 'EINVAL'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}

/** Only where it is certain. */
function hasEnded(identity: string, here: string): boolean {
  const [place, pidText, ticks] = identity.split(' ');
  const pid = Number(pidText);
  if (place !== here || !Number.isInteger(pid) || pid <= 0 || ticks === undefined) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
  const now = readProcess(pid);
  return now !== undefined && String(now.startTicks) !== ticks;
}

function ownIdentity(): string | undefined {
  const place = placeOfProcesses();
  const own = readProcess(process.pid);
  return place === undefined || own === undefined ? undefined : `${place} ${own.pid} ${own.startTicks}`;
}

/**
 * Within which a number and a start time name a process for good: boot, process numbers, and the clock of start times. Undefined where the system does
 * not tell, or its `/proc` has the numbers of others.
 */
function placeOfProcesses(): string | undefined {
  if (!hasProcessTable) return undefined;
  try {
    if (readlinkSync('/proc/self') !== String(process.pid)) return undefined;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // Before Linux 5.6 there is one clock for all.
    const hasClocks = lstatSync('/proc/self/ns/time', { throwIfNoEntry: false }) !== undefined;
    return [
      boot,
      readlinkSync('/proc/self/ns/pid'),
      hasClocks ? readlinkSync('/proc/self/ns/time') : '',
    ].join('+');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EPERM'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
