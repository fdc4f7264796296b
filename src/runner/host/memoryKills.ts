import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../journal/diskFullError';

/** How many processes of one memory group the kernel has ended for want of memory, ever. */
export const killCount = z.object({
  /** The kernel's file that says so. */
  path: z.string(),
  kills: z.int().min(0),
});
export type KillCount = z.infer<typeof killCount>;

/** A login's group goes with its last process, but the groups above have counted its dead too. */
const levelsAbove = 4;

/**
 * The counts of this process's memory group and of those above it, the nearest first; none where the kernel keeps none. Control
 * groups of version 2: `memory.events.local` for the group alone, `memory.events` with all below it; of version 1:
 * `memory.oom_control` (cgroups(7) and the kernel's documentation of both).
 */
export function killCountsOfThisProcess(): readonly KillCount[] {
  const groups = readIfThere('/proc/self/cgroup') ?? '';
  const mounts = readIfThere('/proc/self/mountinfo') ?? '';
  return killCountPaths(groups, mounts).flatMap((path) => {
    const kills = killsIn(path);
    return kills === undefined ? [] : [{ path, kills }];
  });
}

/** Where the counts would stand, by the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`. */
export function killCountPaths(groups: string, mounts: string): readonly string[] {
  const paths: string[] = [];
  for (const line of groups.split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || group === undefined) continue;
    const isUnified = controllers === '';
    if (!isUnified && !controllers.split(',').includes('memory')) continue;
    const folder = folderOf(group, mounts, isUnified ? undefined : 'memory');
    if (folder === undefined) continue;
    if (!isUnified) {
      paths.push(join(folder.path, 'memory.oom_control'));
      continue;
    }
    paths.push(join(folder.path, 'memory.events.local'));
    for (let at = folder.path, level = 0; level <= levelsAbove; at = dirname(at), level += 1) {
      paths.push(join(at, 'memory.events'));
      if (at === folder.mount) break;
    }
  }
  return paths;
}

/** The count of the nearest group that still is there has grown since these were taken. */
export function hasGrown(counts: readonly KillCount[]): boolean {
  for (const { path, kills } of counts) {
    const now = killsIn(path);
    if (now !== undefined) return now > kills;
  }
  return false;
}

/** The folder of a control group, by the mounts of this process (proc(5), `/proc/PID/mountinfo`). */
function folderOf(
  group: string,
  mounts: string,
  controller: string | undefined,
): { readonly path: string; readonly mount: string } | undefined {
  for (const line of mounts.split('\n')) {
    const [place = '', kind = ''] = line.split(' - ');
    const [, , , root = '', mount = ''] = place.split(' ');
    const [type, , options = ''] = kind.split(' ');
    const fits =
      controller === undefined
        ? type === 'cgroup2'
        : type === 'cgroup' && options.split(',').includes(controller);
    if (!fits) continue;
    // A container may see only its own part of the tree.
    if (root === '/') return { path: join(mount, group), mount };
    if (group === root || group.startsWith(`${root}/`))
      return { path: join(mount, group.slice(root.length)), mount };
  }
  return undefined;
}

function killsIn(path: string): number | undefined {
  const digits = /^oom_kill (\d+)$/m.exec(readIfThere(path) ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    // ENODEV: the group went between open and read.
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'EACCES' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
