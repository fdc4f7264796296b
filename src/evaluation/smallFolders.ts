import {
  chmodSync,
  constants,
  copyFileSync,
  lstatSync,
  mkdirSync,
  opendirSync,
  readlinkSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import type { Dirent } from 'node:fs';
import { rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';

// Folders of most evaluations hold a few small files. To ask for each step of copying them by itself, or to start a program for them, takes many
// times longer than the work itself, which is too short to be in anybody's way.
const mostEntries = 128;
const mostBytes = 16 * 1024 ** 2;

class Budget {
  private entries = 0;
  private bytes = 0;

  /** Throws for what is not small. */
  take(path: string): void {
    this.entries += 1;
    this.bytes += lstatSync(path).blocks * 512;
    if (this.entries > mostEntries || this.bytes > mostBytes) throw new Error('It is not small.');
  }
}

/**
 * Copies a folder with links as they are to where nothing is yet, at once. False where it is not small, or not plain: then some of it may be
 * copied.
 */
export function copySmallFolder(from: string, to: string): boolean {
  const budget = new Budget();
  const copy = (source: string, target: string): void => {
    mkdirSync(target);
    for (const entry of entriesOf(source, budget)) {
      const [one, other] = [join(source, entry.name), join(target, entry.name)];
      if (entry.isDirectory()) copy(one, other);
      else if (entry.isFile()) copyFileSync(one, other, constants.COPYFILE_FICLONE);
      else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(one), other);
      else throw new Error('It is neither a file nor a folder.');
    }
    chmodSync(target, statSync(source).mode & 0o7777);
  };
  try {
    copy(from, to);
    return true;
  } catch {
    // Whatever is in the way is met once more, and told of, by who does it thoroughly.
    return false;
  }
}

/** Removes a folder and follows no link. False where it is not small, or something is in the way: then some of it may be removed. */
export async function removeSmallFolder(path: string): Promise<boolean> {
  const budget = new Budget();
  const files: string[] = [];
  /** Each before what lies in it. */
  const folders = [path];
  try {
    // Who worked in it may have put a link in its place.
    if (!lstatSync(path).isDirectory()) return false;
    for (const folder of folders) {
      for (const entry of entriesOf(folder, budget)) {
        (entry.isDirectory() ? folders : files).push(join(folder, entry.name));
      }
    }
    // File systems that keep a journal make whoever removes something wait for it.
    await Promise.all(files.map((file) => unlink(file)));
    for (const folder of folders.reverse()) await rmdir(folder);
    return true;
  } catch {
    // Whatever is in the way is met once more, and told of, by who does it thoroughly.
    return false;
  }
}

/** Never more than are small. */
function entriesOf(folder: string, budget: Budget): readonly Dirent[] {
  const found: Dirent[] = [];
  const opened = opendirSync(folder);
  try {
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
      budget.take(join(folder, entry.name));
      found.push(entry);
    }
  } finally {
    opened.closeSync();
  }
  return found;
}
