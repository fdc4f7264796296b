import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { cp, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { noticingFullDisk } from './fileErrors';
import { copySmallFolder, removeSmallFolder } from './smallFolders';

/** The folder of one evaluation. All paths are absolute and were free of links when it was made. */
export interface WorkFolder {
  readonly path: string;
  /** Copy of the problem's files with the candidate in its place; the working directory. */
  readonly copy: string;
  readonly candidate: string;
  /** The parent's construction, if there is one. */
  readonly parentState: string | undefined;
  /** Where the evaluator writes its result; outside the copy. */
  readonly result: string;
  readonly home: string;
  readonly temporary: string;
}

export interface WorkFolderContent {
  /** Begins the folder's name. */
  readonly id: string;
  readonly problemFolder: string;
  /** Relative to the problem's folder, with forward slashes. */
  readonly candidatePath: string;
  readonly candidateText: string;
  readonly parentState: string | undefined;
}

/** A work folder for what belongs to no candidate: home and temporary folder, and an empty copy. Throws `DiskFullError`. */
export async function makeBareFolder(workRoot: string, id: string): Promise<WorkFolder> {
  return noticingFullDisk(workRoot, async () => {
    await mkdir(workRoot, { recursive: true });
    const folder = folderAt(await mkdtemp(join(await realpath(workRoot), `${id}-`)), 'none', false);
    await Promise.all([folder.home, folder.temporary, folder.copy].map((path) => mkdir(path)));
    return folder;
  });
}

/** Throws `DiskFullError`. What it made of a folder before a failure is removed. */
export async function makeWorkFolder(workRoot: string, content: WorkFolderContent): Promise<WorkFolder> {
  if (!/^[\w.-]+$/.test(content.id)) throw new Error(`The evaluation id "${content.id}" is no file name.`);
  return noticingFullDisk(workRoot, async () => {
    await mkdir(workRoot, { recursive: true });
    const path = await mkdtemp(join(await realpath(workRoot), `${content.id}-`));
    try {
      return await fill(path, content);
    } catch (error) {
      await removeFolder(path);
      throw error;
    }
  });
}

function folderAt(path: string, candidatePath: string, hasParentState: boolean): WorkFolder {
  return {
    path,
    copy: join(path, 'problem'),
    candidate: join(path, 'problem', candidatePath),
    parentState: hasParentState ? join(path, 'parent-state.json') : undefined,
    result: join(path, 'result.json'),
    home: join(path, 'home'),
    temporary: join(path, 'tmp'),
  };
}

async function fill(path: string, content: WorkFolderContent): Promise<WorkFolder> {
  const folder = folderAt(path, content.candidatePath, content.parentState !== undefined);
  await Promise.all([mkdir(folder.home), mkdir(folder.temporary)]);
  if (!copySmallFolder(content.problemFolder, folder.copy)) {
    await rm(folder.copy, { recursive: true, force: true });
    await cp(content.problemFolder, folder.copy, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
    });
  }
  await mkdir(dirname(folder.candidate), { recursive: true });
  if (!isWithin(folder.copy, await realpath(dirname(folder.candidate)))) {
    throw new Error(`The candidate ${content.candidatePath} lies outside the problem's folder.`);
  }
  // The problem's own file may be a link or read-only: it is replaced, not written through.
  await rm(folder.candidate, { force: true });
  await writeFile(folder.candidate, content.candidateText, { flag: 'wx' });
  if (folder.parentState !== undefined)
    await writeFile(folder.parentState, content.parentState ?? '', { flag: 'wx' });
  return folder;
}

/** True if `path` is the folder or lies in it; both absolute and free of links. */
export function isWithin(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !way.startsWith(sep));
}

/** Removes a folder whatever a candidate made of it: read-only folders, paths too long for one call, endless files. */
export async function removeFolder(path: string): Promise<void> {
  if (await removeSmallFolder(path)) return;
  // Neither program follows links below its argument, and what `rm` could not remove is no link itself. Both walk
  // trees deeper than a path may be long, which Node's own `rm` cannot.
  const script = 'rm -rf -- "$1" 2>/dev/null || { chmod -R u+rwx -- "$1" 2>/dev/null; exec rm -rf -- "$1"; }';
  await promisify(execFile)('/bin/sh', ['-c', script, 'sh', path]);
}
