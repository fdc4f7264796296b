import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../fileErrors';
import { isWhole, knownEntry, mostEntryBytes, type KnownEntry } from './knownEntry';

/** Of all problems of a host together. */
const mostBytes = 256 * 1024 ** 2;
const mostEntries = 20_000;
/** The size is looked at when the store is opened, and after so many entries. */
const entriesBetweenLooks = 200;

export interface KnownStoreOptions {
  /** `<root>/known`. */
  readonly folder: string;
  /** SHA-256 of what all entries of this store have in common. */
  readonly identity: string;
  readonly log: (message: string) => void;
  readonly mostBytes?: number;
  readonly mostEntries?: number;
}

/**
 * Evaluations that any session of the host may take in place of its own: a file each, in a folder for each identity. Several processes use it at
 * once. Whatever is wrong with a file, it is as if it were not there; nothing here stops a session.
 */
export class KnownStore {
  readonly #options: KnownStoreOptions;
  readonly #folder: string;
  #writtenSinceLook = entriesBetweenLooks;

  constructor(options: KnownStoreOptions) {
    this.#options = options;
    this.#folder = join(options.folder, options.identity);
  }

  async find(key: string): Promise<KnownEntry | undefined> {
    const path = this.#pathOf(key);
    try {
      const { size } = await stat(path);
      if (size > mostEntryBytes) throw new Error('it is larger than entries are');
      const entry = knownEntry.parse(JSON.parse(await readFile(path, 'utf8')));
      if (entry.key !== key || entry.identity !== this.#options.identity)
        throw new Error('it is about another evaluation');
      if (!isWhole(entry)) throw new Error('its construction or an artifact is not what it names');
      return entry;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      this.#options.log(`A known evaluation cannot be used (${path}): ${wordsOf(error)}`);
      return undefined;
    }
  }

  /** False: it was not kept. */
  async keep(entry: KnownEntry): Promise<boolean> {
    const bytes = Buffer.from(JSON.stringify(entry));
    if (bytes.length > mostEntryBytes) return false;
    const path = this.#pathOf(entry.key);
    const draft = join(this.#folder, `.${randomUUID()}`);
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      const file = await open(draft, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await rename(draft, path);
      this.#writtenSinceLook += 1;
      if (this.#writtenSinceLook >= entriesBetweenLooks) await this.#removeOldest();
      return true;
    } catch (error) {
      await rm(draft, { force: true }).catch(() => undefined);
      this.#options.log(`An evaluation could not be kept for other sessions: ${wordsOf(error)}`);
      return false;
    }
  }

  #pathOf(key: string): string {
    if (!/^[0-9a-f]{64}-\d+(-[0-9a-f]{16})?$/.test(key)) throw new Error(`${key} names no evaluation.`);
    return join(this.#folder, `${key}.json`);
  }

  async #removeOldest(): Promise<void> {
    this.#writtenSinceLook = 0;
    const {
      folder,
      mostBytes: bytesAllowed = mostBytes,
      mostEntries: entriesAllowed = mostEntries,
    } = this.#options;
    const files = (await filesBelow(folder)).sort((a, b) => b.changedMs - a.changedMs);
    let bytes = 0;
    for (const [index, file] of files.entries()) {
      bytes += file.bytes;
      if (bytes > bytesAllowed || index >= entriesAllowed) await rm(file.path, { force: true });
    }
    await Promise.all((await readdir(folder)).map((name) => removeIfEmpty(join(folder, name))));
  }
}

async function filesBelow(
  folder: string,
): Promise<{ readonly path: string; readonly bytes: number; readonly changedMs: number }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        try {
          const { size, mtimeMs } = await stat(path);
          return [{ path, bytes: size, changedMs: mtimeMs }];
        } catch (error) {
          // Another session removed or renamed it meanwhile.
          if (errorCode(error) === 'ENOENT') return [];
          throw error;
        }
      }),
  );
  return files.flat();
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) throw error;
  }
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.replaceAll(/\s+/g, ' ').slice(0, 300);
}
