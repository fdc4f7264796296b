import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, futimesSync, openSync } from 'node:fs';
import { errorCode } from '../fileErrors';
import { gpusOfDriver, turnFilesOf } from '../leases/gpuIdentity';
import { physicalCores, readTopology } from '../leases/physicalCores';

/** Where evaluators of the catalogue and the AtCoder method look for them. */
const coreLockPrefix = '/tmp/timed-core-';

/**
 * Files by which all evaluations on this host take turns on GPUs, and all of this user on the cores that we may use. `visibleGpus`: what
 * `CUDA_VISIBLE_DEVICES` says to the command; the driver does not tell of all GPUs everywhere.
 */
export function timingLocks(hasGpus: boolean, visibleGpus = ''): readonly string[] {
  if (process.getuid === undefined) return [];
  const user = process.getuid();
  const gpus = hasGpus ? new Set([...gpusOfDriver(), ...visibleGpus.split(',')].map(turnFilesOf)) : [];
  const paths = [...gpus].flatMap((files) => (files === undefined ? [] : [files.gate, files.lock]));
  const ofGpus = [...new Set(paths)].filter((path) => withLock(path, 0o644, touch));
  const ofCores = physicalCores(readTopology()).map(({ core }) => `${coreLockPrefix}${user}-${core}.lock`);
  return [...ofGpus, ...ofCores.filter((path) => withLock(path, 0o600, touch))];
}

/** What a command wrote there would stay: locks have no content. */
export function emptyLocks(paths: readonly string[]): void {
  for (const path of paths)
    withLock(path, undefined, (file) => {
      if (fstatSync(file).size > 0) ftruncateSync(file);
    });
}

/** Makes the files of a turn where there are none. False if one of them cannot be used. */
export function makeTurnFiles(paths: readonly string[]): boolean {
  return paths.every((path) => withLock(path, 0o644, touch));
}

/** The system removes old files of /tmp, and who made a new one would not meet those who hold the old one. */
function touch(file: number): void {
  const now = new Date();
  futimesSync(file, now, now);
}

/**
 * With `mode`, makes the file where there is none. `use` sees it only where we may write there: reading is enough to lock the file of another
 * user. False if it cannot be locked; who needs it then says so.
 */
function withLock(path: string, mode: number | undefined, use: (file: number) => void): boolean {
  const safely = constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file =
    opened(path, constants.O_RDWR | safely) ??
    opened(path, constants.O_RDONLY | safely) ??
    (mode === undefined ? undefined : made(path, mode, safely));
  if (file === undefined) return false;
  try {
    if (!fstatSync(file.number).isFile()) return false;
    if (file.isWritable) use(file.number);
    return true;
  } finally {
    closeSync(file.number);
  }
}

interface OpenFile {
  readonly number: number;
  readonly isWritable: boolean;
}

function opened(path: string, flags: number): OpenFile | undefined {
  try {
    return { number: openSync(path, flags), isWritable: (flags & constants.O_RDWR) !== 0 };
  } catch {
    return undefined;
  }
}

function made(path: string, mode: number, safely: number): OpenFile | undefined {
  try {
    const number = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | safely, mode);
    // Whatever the umask of who comes first: for the others.
    fchmodSync(number, mode);
    return { number, isWritable: true };
  } catch (error) {
    return errorCode(error) === 'EEXIST' ? opened(path, constants.O_RDONLY | safely) : undefined;
  }
}
