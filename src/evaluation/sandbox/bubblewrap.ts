import type { VisibleFiles } from '../executor';
import { isWithin } from '../workFolder';
import { gpuDevices, lookAtHost } from './hostView';
import type { HostView } from './hostView';

/** What `bwrap` can on this host. */
export interface Bubblewrap {
  readonly path: string;
  /** From 0.7 on folders in memory can be kept from growing beyond a size. */
  readonly limitsSizes: boolean;
}

export interface Sandbox {
  readonly files: VisibleFiles;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
  readonly hasGpus: boolean;
  /** Files by which evaluations of all sessions take turns on cores and GPUs. */
  readonly locks: readonly string[];
  /** Where bwrap reads the filter of system calls; undefined where there is none. */
  readonly filterDescriptor: number | undefined;
}

/** Of the memory limit: what `/tmp` and `/dev/shm`, which lie in memory, may hold each. */
const sharedMemoryShare = 0.5;
const temporaryShare = 0.25;

/**
 * `bwrap` with all its arguments, up to the command. The command is process 1 of its namespace, so that `bwrap` ends only when the kernel has
 * ended every other process in it. See docs/evaluators.md for what is visible.
 */
export function bubblewrapArguments(bwrap: Bubblewrap, sandbox: Sandbox): [string, ...string[]] {
  const { files, hasGpus, memoryBytes } = sandbox;
  const view = cachedView(sandbox.env, hasGpus);
  const memoryFolder = (path: string, share: number): string[] => [
    ...(bwrap.limitsSizes ? ['--size', String(Math.max(1, Math.floor(memoryBytes * share)))] : []),
    ...['--tmpfs', path],
  ];
  const isCovered = (path: string): boolean =>
    [...view.system, ...view.links.map(([link]) => link)].some((folder) => isWithin(folder, path));
  const hidden = files.hidden.filter(isCovered);
  return [
    bwrap.path,
    ...[
      '--unshare-user',
      '--unshare-pid',
      '--unshare-net',
      '--unshare-ipc',
      '--unshare-uts',
      '--unshare-cgroup-try',
    ],
    ...['--die-with-parent', '--as-pid-1', '--cap-drop', 'ALL'],
    ...(sandbox.filterDescriptor === undefined ? [] : ['--seccomp', String(sandbox.filterDescriptor)]),
    ...view.links.flatMap(([path, target]) => ['--symlink', target, path]),
    ...view.system.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...memoryFolder('/dev/shm', sharedMemoryShare),
    ...(hasGpus ? gpuDevices().flatMap((path) => ['--dev-bind-try', path, path]) : []),
    ...['--remount-ro', '/dev', '--dir', '/run', '--symlink', '../tmp', '/var/tmp'],
    ...memoryFolder('/tmp', temporaryShare),
    ...hidden.flatMap((path) => ['--tmpfs', path]),
    ...fileMounts(sandbox, view),
    ...hidden.flatMap((path) => ['--remount-ro', path]),
    ...['--remount-ro', '/', '--chdir', sandbox.cwd, '--'],
  ];
}

/** A folder comes before what lies in it, so that the inner one decides. */
function fileMounts({ files, cwd, locks }: Sandbox, view: HostView): string[] {
  const given = [...files.writable, ...files.readable];
  const isCwdVisible = cwd === '/' || [...given, ...view.tools].some((folder) => isWithin(folder, cwd));
  const mounts: [how: string, path: string][] = [
    ...view.tools.map((path): [string, string] => ['--ro-bind-try', path]),
    ...files.readable.map((path): [string, string] => ['--ro-bind-try', path]),
    ...(isCwdVisible ? [] : [['--ro-bind', cwd] satisfies [string, string]]),
    ...files.writable.map((path): [string, string] => ['--bind', path]),
    ...locks.map((path): [string, string] => ['--bind-try', path]),
  ];
  return mounts
    .sort(([, a], [, b]) => a.split('/').length - b.split('/').length)
    .flatMap(([how, path]) => [how, path, path]);
}

const views = new Map<string, HostView>();
/** Of the environment, what `lookAtHost` looks at. */
const lookedAt = ['PATH', 'LD_LIBRARY_PATH', 'CUDA_HOME', 'CUDA_PATH', 'CARGO_HOME', 'RUSTUP_HOME'];

/** The system does not change while a session runs; looking takes a millisecond. */
function cachedView(env: Readonly<Record<string, string>>, hasGpus: boolean): HostView {
  const key = JSON.stringify([hasGpus, ...lookedAt.map((name) => env[name] ?? null)]);
  const known = views.get(key) ?? lookAtHost(env, hasGpus);
  views.set(key, known);
  return known;
}
