import { readFileSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';
import { executionMark } from '../../evaluation/containedRun';
import { allProcesses, environmentOf } from '../../evaluation/processTable';
import { identityOf, type ProcessIdentity } from './processIdentity';

/** A living process that this root's sessions or commands have started, and nobody else. */
export interface OurProcess {
  readonly identity: ProcessIdentity;
  readonly what: 'runner' | 'evaluation';
}

/**
 * Processes of this account that are proven to be ours: a runner whose bundle lies under the root or whose `--root` it is,
 * and what carries the mark of an evaluation and works in a folder of the root. Not this process and those that it came from.
 */
export function ourProcesses(root: string): OurProcess[] {
  const uid = process.getuid?.();
  const table = allProcesses();
  const own = ancestorsOf(process.pid, new Map(table.map(({ pid, parentPid }) => [pid, parentPid])));
  return table.flatMap(({ pid }): OurProcess[] => {
    if (own.has(pid)) return [];
    // Looked up before the evidence and after it: between the two the number may have gone to another process.
    const before = identityOf(pid);
    const what = uidOf(pid) === uid ? kindOf(pid, root) : undefined;
    if (before === undefined || what === undefined) return [];
    return identityOf(pid)?.startTicks === before.startTicks ? [{ identity: before, what }] : [];
  });
}

/** Whether a living process of this account runs a program or bundle out of this folder. */
export function isUsed(folder: string): boolean {
  return allProcesses().some(({ pid }) =>
    [programOf(pid), ...argumentsOf(pid).slice(0, 2)].some((path) => path?.startsWith(folder + sep) === true),
  );
}

function kindOf(pid: number, root: string): OurProcess['what'] | undefined {
  const [, bundle = '', ...rest] = argumentsOf(pid);
  const isBundle = bundle.endsWith(`${sep}runner.cjs`);
  const rootArgument = rest.indexOf('--root');
  const isOfRoot =
    bundle.startsWith(`${root}${sep}runner${sep}`) ||
    (rootArgument !== -1 && rest[rootArgument + 1] === root) ||
    environmentOf(pid).includes(`TTT_DISCOVER_ROOT=${root}`);
  if (isBundle && isOfRoot) return 'runner';
  const isMarked = environmentOf(pid).some((entry) => entry.startsWith(`${executionMark}=`));
  return isMarked && workFolderOf(pid)?.startsWith(root + sep) === true ? 'evaluation' : undefined;
}

function ancestorsOf(pid: number, parents: ReadonlyMap<number, number>): Set<number> {
  const found = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !found.has(at); at = parents.get(at))
    found.add(at);
  return found;
}

function argumentsOf(pid: number): string[] {
  return (
    readProc(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
      ?.split('\0')
      .slice(0, -1) ?? []
  );
}

function programOf(pid: number): string | undefined {
  return readProc(() => readlinkSync(`/proc/${pid}/exe`));
}

function workFolderOf(pid: number): string | undefined {
  return readProc(() => readlinkSync(`/proc/${pid}/cwd`));
}

function uidOf(pid: number): number | undefined {
  const uid = readProc(() => /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  return uid === undefined ? undefined : Number(uid);
}

/** Another account's process hides itself, and any may end in the meantime: neither is ours to know. */
function readProc<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
