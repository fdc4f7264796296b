import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type * as z from 'zod';
import { errorCode } from '../journal/diskFullError';

/** A folder or file on the host is not safe to use. */
export class UnsafePathError extends Error {
  override readonly name = 'UnsafePathError';
  constructor(
    path: string,
    why: string,
    readonly advice: string,
  ) {
    super(`${path} ${why}.`);
  }
}

/** Makes a folder that its owner alone can use, and the folders above it. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** As `makePrivateFolder`, in a place where others may have been before: refuses what is not ours alone. Throws `UnsafePathError`. */
export function makeOwnFolderInSharedPlace(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const found = lstatSync(path);
  const advice = `Look who made it (ls -ld ${path}), then remove it.`;
  if (!found.isDirectory()) throw new UnsafePathError(path, 'is not a folder', advice);
  if (found.uid !== process.getuid?.()) throw new UnsafePathError(path, 'belongs to another user', advice);
  if ((found.mode & 0o077) !== 0) throw new UnsafePathError(path, 'is open to other users', advice);
}

/** Replaces a JSON file whole and durably: readers see the old content or the new one, also after a loss of power. */
export function writeJsonFile(path: string, value: unknown): void {
  const temporary = join(dirname(path), `.${randomUUID()}`);
  try {
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(fd, JSON.stringify(value) + '\n');
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** The content of a JSON file; `undefined` if there is none. Throws if it is not what the schema says. */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  return schema.parse(JSON.parse(text));
}
