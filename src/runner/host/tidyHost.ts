import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { errorCode } from '../journal/diskFullError';
import { isUsed } from './ourProcesses';
import { fateOfOwner, lastOwner } from './ownership';
import { listSessionIds, sessionFolder } from './sessionFolder';
import { recordedEnd } from './sessionListing';

const dayMs = 24 * 60 * 60_000;
/** An editor of another version may come back to its own; a newer one uploads its own again in any case. */
const keepUnusedMs = 7 * dayMs;
const keepNewest = 5;

/**
 * Removes bundles and Node programs of older versions, at most once a day. Those stay that a living process uses, that a
 * session on another machine with the same home may use, the newest, and those used in the last week: each connection
 * renews the time of what it uses. Returns the folders removed.
 */
export function tidyHost(root: string, now: number = Date.now()): readonly string[] {
  const stamp = join(root, '.tidied');
  if (now - (changedAtMs(stamp) ?? 0) < dayMs) return [];
  writeFileSync(stamp, '', { mode: 0o600 });
  const owners = listSessionIds(root).flatMap((id) => {
    const folder = sessionFolder(root, id);
    const owner = lastOwner(folder);
    if (owner === undefined) return [];
    // Of one on another machine with the same home, only its session's end proves that it is gone.
    const fate = fateOfOwner(folder, owner);
    const mayLive = fate === 'alive' || (fate === 'elsewhere' && recordedEnd(folder) === undefined);
    return mayLive ? [{ ...owner, isHere: fate === 'alive' }] : [];
  });
  const removed: string[] = [];
  for (const [name, pattern] of [
    ['runner', /^[0-9a-f]{64}$/],
    ['runtime', /^node-[0-9a-f]{64}$/],
  ] as const) {
    // Which Node a process on another machine runs is not known here.
    if (name === 'runtime' && owners.some((owner) => !owner.isHere)) continue;
    const folders = foldersIn(join(root, name), pattern).sort((a, b) => b.changedMs - a.changedMs);
    for (const { path, changedMs } of folders.slice(keepNewest)) {
      if (now - changedMs < keepUnusedMs) continue;
      if (owners.some(({ bundlePath }) => bundlePath.startsWith(path + sep)) || isUsed(path)) continue;
      rmSync(path, { recursive: true, force: true });
      removed.push(path);
    }
  }
  for (const path of abandonedDrafts(root, now)) {
    rmSync(path, { recursive: true, force: true });
    removed.push(path);
  }
  return removed;
}

/** Left by an upload whose machine lost its power. */
function abandonedDrafts(root: string, now: number): string[] {
  const places = ['runner', 'runtime'].flatMap((name) => [
    join(root, name),
    ...foldersIn(join(root, name), /./).flatMap(({ path }) => [path, join(path, 'bin')]),
  ]);
  return places.flatMap((place) =>
    foldersIn(place, /^\.partial-/)
      .filter(({ changedMs }) => now - changedMs > dayMs)
      .map(({ path }) => path),
  );
}

function foldersIn(folder: string, pattern: RegExp): { readonly path: string; readonly changedMs: number }[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
  return names
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
    .flatMap((path) => {
      const changedMs = changedAtMs(path);
      return changedMs === undefined || dirname(path) !== folder ? [] : [{ path, changedMs }];
    });
}

function changedAtMs(path: string): number | undefined {
  try {
    return statSync(path).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
