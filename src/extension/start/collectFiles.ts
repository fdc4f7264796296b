import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stats } from 'node:fs';
import { relativePath, type ProblemFileEntry } from '../../protocol/sessionSpec';
import { Refusal } from '../base/failures';
import { bytesText } from '../base/words';
import { leftOutOfOwn, type LeftOutRule } from '../../domain/problem/leftOut';
import { t } from '../base/translate';

export interface FolderLimits {
  readonly bytes: number;
  readonly files: number;
}

/** A problem is text and small data; what is larger belongs on the host. */
export const folderLimits: FolderLimits = { bytes: 64 * 1024 ** 2, files: 5000 };

export interface CollectedFiles {
  /** Sorted by path. */
  readonly files: readonly ProblemFileEntry[];
  readonly totalBytes: number;
  /** Paths whose text came from an unsaved editor. */
  readonly unsaved: readonly string[];
  /** Paths that stay here although nothing in their name says so: links to folders, sockets, devices. */
  readonly skipped: readonly string[];
}

/**
 * The files of a problem's folder. `openTexts` holds the texts of unsaved editors by absolute path; they take the place
 * of what is on disk. Throws `Refusal` above the limits, naming the largest part of the folder.
 */
export async function collectFiles(
  folder: string,
  options: {
    readonly openTexts: ReadonlyMap<string, string>;
    readonly signal: AbortSignal;
    readonly limits?: FolderLimits;
    /** What stays here; `leftOutOfOwn` by default. */
    readonly leftOut?: LeftOutRule;
  },
): Promise<CollectedFiles> {
  const limits = options.limits ?? folderLimits;
  const leftOut = options.leftOut ?? leftOutOfOwn;
  const found = await walk(folder, limits, leftOut, options.signal);
  const files: ProblemFileEntry[] = [];
  const unsaved: string[] = [];
  let totalBytes = 0;
  for (const { path, absolutePath, stats } of found.files) {
    options.signal.throwIfAborted();
    const openText = options.openTexts.get(absolutePath);
    if (openText !== undefined) unsaved.push(path);
    const content = openText === undefined ? await readFile(absolutePath) : Buffer.from(openText, 'utf8');
    if (leftOut.byContent(path, content)) continue;
    totalBytes += content.length;
    if (totalBytes > limits.bytes) throw tooLarge(folder, limits, found.files);
    files.push({ path, executable: (stats.mode & 0o111) !== 0, base64: content.toString('base64') });
  }
  return { files, totalBytes, unsaved, skipped: found.skipped };
}

interface FoundFile {
  readonly path: string;
  readonly absolutePath: string;
  readonly stats: Stats;
}

async function walk(
  folder: string,
  limits: FolderLimits,
  leftOut: LeftOutRule,
  signal: AbortSignal,
): Promise<{ files: FoundFile[]; skipped: string[] }> {
  const files: FoundFile[] = [];
  const skipped: string[] = [];
  const pending = [''];
  let totalBytes = 0;
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    signal.throwIfAborted();
    for (const entry of await readdir(join(folder, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`;
      if (leftOut.byPath(path)) continue;
      if (!relativePath.safeParse(path).success) {
        throw new Refusal(
          t('The name of "{0}" cannot be used on every host. Rename it, then start again.', path),
        );
      }
      if (entry.isDirectory()) {
        pending.push(path);
        continue;
      }
      const absolutePath = join(folder, path);
      const stats =
        entry.isFile() || entry.isSymbolicLink() ? await statOrUndefined(absolutePath) : undefined;
      if (stats?.isFile() !== true) {
        skipped.push(path);
        continue;
      }
      files.push({ path, absolutePath, stats });
      totalBytes += stats.size;
      if (files.length > limits.files) {
        throw new Refusal(
          t(
            'The folder of this problem has more than {0} files ({1}). Only that folder is copied to a host: move the problem into a folder of its own.',
            limits.files,
            folder,
          ),
        );
      }
    }
  }
  if (totalBytes > limits.bytes) throw tooLarge(folder, limits, files);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { files, skipped: skipped.sort() };
}

/** A link can point nowhere. */
async function statOrUndefined(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function tooLarge(folder: string, limits: FolderLimits, files: readonly FoundFile[]): Refusal {
  const largest = [...files].sort((a, b) => b.stats.size - a.stats.size)[0];
  const example =
    largest === undefined
      ? undefined
      : t('The largest is {0} ({1}).', largest.path, bytesText(largest.stats.size));
  return new Refusal(
    [
      t('The folder of this problem is larger than {0} ({1}).', bytesText(limits.bytes), folder),
      example,
      t('Move large data out of it, for example to the host, and let the evaluator read it there.'),
    ]
      .filter((sentence) => sentence !== undefined)
      .join(' '),
  );
}
