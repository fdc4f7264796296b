import { existsSync, realpathSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Closeable } from '../base/emitter';
import { Coalescer } from '../sessions/coalesce';

/** A folder that is watched, and the names in it that matter; `any`: a pattern stands there. */
type Watched = Map<string, ReadonlySet<string> | 'any'>;

/**
 * Tells when files of the SSH configuration may have changed, those too that are not there yet: it watches their folders, as editors put another
 * file in the place of the one that they save.
 */
export class ConfigWatcher implements Closeable {
  private readonly watchers = new Map<string, FSWatcher>();
  private watched: Watched = new Map();
  private readonly changes: Coalescer;
  private isDisposed = false;

  constructor(
    onChange: () => void,
    /** A folder cannot be watched; the list is then read again only when asked for. */
    private readonly onTrouble: (folder: string, error: unknown) => void,
  ) {
    this.changes = new Coalescer(onChange);
  }

  /** @param places absolute paths of files, and patterns with `*`, `?` and `[…]`. Those of the call before count no more. */
  watch(places: readonly string[]): void {
    if (this.isDisposed) return;
    const before = this.watched;
    this.watched = foldersOf(places);
    for (const [folder, watcher] of this.watchers) {
      if (this.watched.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of this.watched.keys()) if (!this.watchers.has(folder)) this.begin(folder);
    // Something may have been written there after it was read and before it was watched.
    if (before.size > 0 && [...this.watched.keys()].some((folder) => !before.has(folder)))
      this.changes.touch('');
  }

  dispose(): void {
    this.isDisposed = true;
    this.changes.dispose();
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private begin(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_event, name) => this.onEvent(folder, name));
      watcher.on('error', (error) => this.end(folder, watcher, error));
      this.watchers.set(folder, watcher);
    } catch (error) {
      this.onTrouble(folder, error);
    }
  }

  private onEvent(folder: string, name: string | null): void {
    const names = this.watched.get(folder);
    if (names === undefined) return;
    // A folder that was moved or deleted says its own name, and is watched no more, whatever stands there now.
    const isGone = name === basename(folder) || !existsSync(folder);
    if (isGone) {
      this.watchers.get(folder)?.close();
      this.watchers.delete(folder);
    }
    if (isGone || name === null || names === 'any' || names.has(name)) this.changes.touch('');
  }

  private end(folder: string, watcher: FSWatcher, error: unknown): void {
    watcher.close();
    if (this.watchers.get(folder) === watcher) this.watchers.delete(folder);
    this.onTrouble(folder, error);
  }
}

function foldersOf(places: readonly string[]): Watched {
  const watched: Watched = new Map();
  for (const place of places.flatMap((one) => [one, ...targetOf(one)])) {
    const { folder, name } = nearestFolder(place);
    const names = watched.get(folder) ?? new Set<string>();
    const isPattern = names === 'any' || /[*?[]/.test(name);
    watched.set(folder, isPattern ? 'any' : new Set([...names, name]));
  }
  return watched;
}

/** The nearest folder that exists, and the name or pattern in it that leads to the place. */
function nearestFolder(place: string): { readonly folder: string; readonly name: string } {
  let folder = dirname(place);
  let name = basename(place);
  while ((!existsSync(folder) || /[*?[]/.test(folder)) && dirname(folder) !== folder) {
    name = basename(folder);
    folder = dirname(folder);
  }
  return { folder, name };
}

/** Where a link leads: a change there is no event beside the link. */
function targetOf(place: string): string[] {
  try {
    const target = realpathSync(place);
    return target === join(realpathSync(dirname(place)), basename(place)) ? [] : [target];
  } catch {
    return [];
  }
}
