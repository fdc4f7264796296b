import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './findProgram';
import { hasProcessTable } from './processTable';

/** The command line that runs a command in a namespace: of one process, whose child is the first one of the namespace. */
export type Around = (
  command: readonly string[],
  env: Readonly<Record<string, string>>,
) => [string, ...string[]];

/**
 * How an evaluation is kept together. In a `namespace`, which a sandbox has as well, the kernel ends all of it at once when its first process
 * ends (pid_namespaces(7)); with a `sweep` we look for what is left and end it.
 */
export type Containment =
  | {
      readonly kind: 'namespace';
      readonly around: Around;
    }
  | { readonly kind: 'sweep' };

export const systemPath = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/**
 * Tries a namespace once. Kernels and containers refuse it in many ways (AppArmor on Ubuntu 24.04, a masked
 * `/proc` in Docker), so only a trial tells.
 */
export async function probeContainment(): Promise<Containment> {
  if (!hasProcessTable) return { kind: 'sweep' };
  const setpriv = await findProgram('setpriv', systemPath, '/');
  const unshare = await findProgram('unshare', systemPath, '/');
  if (setpriv === undefined || unshare === undefined) return { kind: 'sweep' };
  const rest = namespaceArguments(unshare);
  try {
    const { stdout } = await promisify(execFile)(setpriv, [...rest, ...namespaceTrial], { timeout: 10_000 });
    if (!isNamespaced(stdout)) return { kind: 'sweep' };
    return { kind: 'namespace', around: (command) => [setpriv, ...rest, ...command] };
  } catch {
    // Whatever the reason is, it means that this host has no namespace for us.
    return { kind: 'sweep' };
  }
}

/** Of `setpriv`, up to the command. With `pdeathsig` the evaluation dies with the runner, even where that is killed with SIGKILL. */
export function namespaceArguments(unshare: string): readonly string[] {
  const namespaces = [
    '--user',
    '--map-current-user',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--',
  ];
  return ['--pdeathsig', 'KILL', unshare, ...namespaces];
}

/** Prints what `isNamespaced` wants where it is process 1 and sees itself so in `/proc`. */
export const namespaceTrial = ['/bin/sh', '-c', 'read -r self _ </proc/self/stat; echo "$$ $self"'] as const;

export function isNamespaced(trialOutput: string): boolean {
  return trialOutput.trim() === '1 1';
}

/** Of `ulimit -f`, POSIX: blocks of 512 bytes. */
export const blockBytes = 512;
/** Threads count as well as processes for `ulimit -u`, so it is a backstop far above the limit of processes. */
export const threadsBeyondProcesses = 1024;

/**
 * The command with the limits that the kernel keeps by itself: no core files, file size, and in a namespace the
 * number of threads. Its standard error joins its standard output in one pipe, so that order is kept; the outer
 * standard error carries the words of the wrapper alone.
 */
export function contain(
  containment: Containment,
  argv: readonly string[],
  limits: { readonly fileBytes: number; readonly processes: number },
  env: Readonly<Record<string, string>>,
): [string, ...string[]] {
  const blocks = String(Math.max(1, Math.floor(limits.fileBytes / blockBytes)));
  if (containment.kind === 'sweep') {
    return ['/bin/sh', '-c', 'ulimit -c 0; ulimit -f "$1"; shift; exec "$@" 2>&1', 'sh', blocks, ...argv];
  }
  const threads = String(limits.processes + threadsBeyondProcesses);
  // The shell stays as process 1 of the namespace: it reaps orphans, and process 1 itself would ignore signals.
  const script =
    'ulimit -c 0; ulimit -f "$1"; ulimit -u "$2" 2>/dev/null || ulimit -p "$2" 2>/dev/null; shift 2; "$@" 2>&1; exit $?';
  return containment.around(['/bin/sh', '-c', script, 'sh', blocks, threads, ...argv], env);
}

/** Processes of ours around the command: `unshare`, `bwrap` or their like, and the shell, which do not count. */
export function wrapperProcesses(containment: Containment): number {
  return containment.kind === 'namespace' ? 2 : 0;
}
