import { lstat, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../fileErrors';

const intervalMs = 500;
/** As for memory: looking takes this share of the time at most. */
const mostLoad = 0.05;
/** File systems run out of entries as well as of bytes. */
const mostEntries = 500_000;

/**
 * Looks at what the folders hold together, with files that have no name any more but are still open in `processes()`, until it is too
 * much or the returned function is called, which resolves when no look is under way.
 */
export function watchFolders(
  folders: readonly string[],
  mostBytes: number,
  processes: () => readonly { readonly pid: number }[],
  onExceeded: () => void,
): () => Promise<void> {
  const ending = new AbortController();
  const { signal } = ending;
  const watching = watch();
  watching.catch(() => undefined);

  async function watch(): Promise<void> {
    let waitMs = intervalMs;
    while (await passed(waitMs, signal)) {
      const lookedAt = performance.now();
      const usage = createUsage(mostBytes, signal);
      for (const folder of folders) await usage.addTree(folder);
      for (const { pid } of processes()) await usage.addUnnamed(pid);
      if (usage.isExceeded()) {
        onExceeded();
        return;
      }
      waitMs = Math.max(intervalMs, (performance.now() - lookedAt) / mostLoad);
    }
  }

  return async () => {
    ending.abort();
    await watching;
  };
}

interface Usage {
  addTree(path: string): Promise<void>;
  addUnnamed(pid: number): Promise<void>;
  isExceeded(): boolean;
}

function createUsage(mostBytes: number, signal: AbortSignal): Usage {
  const seen = new Set<string>();
  let [bytes, entries] = [0, 0];
  const isExceeded = (): boolean => bytes > mostBytes || entries > mostEntries;
  const count = ({ dev, ino, blocks }: { dev: number; ino: number; blocks: number }): void => {
    const name = `${dev}:${ino}`;
    if (seen.has(name)) return;
    seen.add(name);
    entries += 1;
    bytes += blocks * 512;
  };
  return {
    isExceeded,
    async addTree(root) {
      const left = [root];
      for (let path = left.pop(); path !== undefined; path = left.pop()) {
        if (isExceeded() || signal.aborted) return;
        const place = path;
        const found = await looked(() => lstat(place));
        if (found !== undefined && found !== 'out of reach') count(found);
        const isFolder = found === 'out of reach' || found?.isDirectory() === true;
        const names = isFolder ? await looked(() => readdir(place)) : [];
        // Where we cannot look, anything may lie.
        if (names === 'out of reach') bytes = Infinity;
        else for (const name of names ?? []) left.push(join(place, name));
      }
    },
    async addUnnamed(pid) {
      const folder = `/proc/${pid}/fd`;
      const names = await looked(() => readdir(folder));
      if (names === undefined || names === 'out of reach') return;
      for (const name of names) {
        if (signal.aborted) return;
        const file = await looked(() => stat(join(folder, name)));
        if (file !== undefined && file !== 'out of reach' && file.isFile() && file.nlink === 0) count(file);
      }
    },
  };
}

/** Undefined if it went while we looked: files and processes come and go. */
async function looked<T>(look: () => Promise<T>): Promise<T | 'out of reach' | undefined> {
  try {
    return await look();
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (['ENOENT', 'ESRCH', 'ENOTDIR', 'ELOOP'].includes(code)) return undefined;
    if (['EACCES', 'EPERM', 'ENAMETOOLONG'].includes(code)) return 'out of reach';
    throw error;
  }
}

async function passed(durationMs: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(durationMs, undefined, { signal });
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
