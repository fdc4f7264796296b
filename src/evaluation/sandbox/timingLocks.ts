import { closeSync, constants, fstatSync, ftruncateSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where evaluators of the catalogue and the AtCoder method look for them. */
const folder = '/tmp';

/** Files by which all evaluations of this user on this host take turns on the GPUs that there are, and on the processors that we may use. */
export function timingLocks(hasGpus: boolean): readonly string[] {
  if (process.getuid === undefined) return [];
  const user = process.getuid();
  const names = hasGpus
    ? gpuIds().flatMap((id) => ['gpu', 'gate'].map((part) => `ttt-discover-${user}-${id}-${part}.lock`))
    : [];
  names.push(...processors().map((number) => `timed-core-${user}-${number}.lock`));
  return names.map((name) => join(folder, name)).filter((path) => withLock(path, () => undefined));
}

/** What a command wrote there would stay: locks have no content. */
export function emptyLocks(paths: readonly string[]): void {
  for (const path of paths)
    withLock(path, (file) => {
      if (fstatSync(file).size > 0) ftruncateSync(file);
    });
}

/** Makes the file where there is none. False if it is not ours to use; who needs it then says so. */
function withLock(path: string, use: (file: number) => void): boolean {
  let file: number;
  try {
    file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch {
    return false;
  }
  try {
    if (!fstatSync(file).isFile()) return false;
    use(file);
    return true;
  } finally {
    closeSync(file);
  }
}

function gpuIds(): readonly string[] {
  const drivers = '/proc/driver/nvidia/gpus';
  try {
    return readdirSync(drivers).flatMap((name) => {
      const text = readFileSync(join(drivers, name, 'information'), 'utf8');
      return /^GPU UUID:\s*GPU-([0-9a-f-]+)/m.exec(text)?.[1] ?? [];
    });
  } catch {
    return [];
  }
}

/** `Cpus_allowed_list: 0-3,8` (proc(5)). */
function processors(): readonly number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
}
