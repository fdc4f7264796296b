import { readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** One living process, from `/proc/<pid>/stat` (proc(5)). */
export interface ProcessRecord {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Clock ticks since boot; with the pid it names a process for good. */
  readonly startTicks: number;
  readonly residentBytes: number;
}

/** False where there is no Linux `/proc`: then nothing here finds a process. */
export const hasProcessTable = process.platform === 'linux';

/** The process, or undefined if it is gone, a zombie, or unreadable. */
export function readProcess(pid: number): ProcessRecord | undefined {
  const stat = readProcFile(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses may hold spaces and parentheses itself: the fields begin after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid,
    parentPid: field(4),
    groupId: field(5),
    sessionId: field(6),
    startTicks: field(22),
    residentBytes: field(24) * pageBytes(),
  };
}

/** Every living process that this user may see. */
export function allProcesses(): ProcessRecord[] {
  if (!hasProcessTable) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((record) => record !== undefined);
}

/** The living ones among the roots, with all that descend from them. */
export function withDescendants(roots: Iterable<number>): ProcessRecord[] {
  const found = new Map<number, ProcessRecord>();
  const children = kernelListsChildren() ? childrenFromKernel : childrenFromTable();
  const visit = (pid: number): void => {
    if (found.has(pid)) return;
    const record = readProcess(pid);
    if (record !== undefined) found.set(pid, record);
    for (const child of children(pid)) visit(child);
  };
  for (const root of roots) visit(root);
  return [...found.values()];
}

/** True if the process was started with `NAME=value` in its environment. */
export function hasEnvironmentEntry(pid: number, entry: string): boolean {
  return environmentOf(pid).includes(entry);
}

/** `NAME=value` entries that the process was started with; none if it hides them or is gone. */
export function environmentOf(pid: number): readonly string[] {
  return readProcFile(`/proc/${pid}/environ`)?.split('\0') ?? [];
}

/** Memory of the process with shared pages divided among their sharers, or undefined if it cannot be told. */
export async function proportionalBytes(pid: number): Promise<number | undefined> {
  try {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function childrenFromKernel(pid: number): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
  return threads.flatMap((thread) =>
    (readProcFile(`/proc/${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  );
}

function childrenFromTable(): (pid: number) => readonly number[] {
  const byParent = new Map<number, number[]>();
  for (const { pid, parentPid } of allProcesses()) {
    const siblings = byParent.get(parentPid);
    if (siblings === undefined) byParent.set(parentPid, [pid]);
    else siblings.push(pid);
  }
  return (pid) => byParent.get(pid) ?? [];
}

let childrenListed: boolean | undefined;

/** Kernels built without CONFIG_PROC_CHILDREN have no list of children. */
function kernelListsChildren(): boolean {
  childrenListed ??= readProcFile(`/proc/self/task/${process.pid}/children`) !== undefined;
  return childrenListed;
}

let bytesOfPage: number | undefined;

function pageBytes(): number {
  bytesOfPage ??= readPageBytes();
  return bytesOfPage;
}

/** AT_PAGESZ of the auxiliary vector (getauxval(3)): pairs of native words. */
function readPageBytes(): number {
  const vector = readFileSync('/proc/self/auxv');
  const words = new BigUint64Array(vector.buffer, vector.byteOffset, Math.floor(vector.byteLength / 8));
  const atPageSize = 6n;
  for (let index = 0; index + 1 < words.length; index += 2) {
    if (words[index] === atPageSize) return Number(words[index + 1]);
  }
  return 4096;
}

function readProcFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The process ended between two looks at it, or it does not let us look. */
function isGone(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR';
}
