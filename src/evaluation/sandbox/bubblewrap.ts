import { kernelSettings } from './sandboxPlan';
import type { SandboxPlan, SandboxStep } from './sandboxPlan';

/** What `bwrap` can on this host. */
export interface Bubblewrap {
  readonly path: string;
  /** From 0.7 on folders in memory can be kept from growing beyond a size. */
  readonly limitsSizes: boolean;
}

/**
 * `bwrap` with all its arguments, up to the command. The command is process 1 of its namespace, so that `bwrap` ends only when the kernel has
 * ended every other process in it. `filterDescriptor`: where it reads the filter of system calls; undefined where there is none.
 */
export function bubblewrapArguments(
  bwrap: Bubblewrap,
  plan: SandboxPlan,
  filterDescriptor: number | undefined,
): [string, ...string[]] {
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
    ...(filterDescriptor === undefined ? [] : ['--seccomp', String(filterDescriptor)]),
    ...plan.steps.flatMap((step) => argumentsOf(step, bwrap)),
    ...['--chdir', plan.cwd, '--'],
  ];
}

const bindings = { read: '--ro-bind', write: '--bind', device: '--dev-bind' } as const;

function argumentsOf(step: SandboxStep, { limitsSizes }: Bubblewrap): readonly string[] {
  const { path } = step;
  switch (step.kind) {
    case 'link':
      return ['--symlink', step.target, path];
    case 'show':
      return [`${bindings[step.access]}${step.isOptional ? '-try' : ''}`, path, path];
    case 'processes':
      return [
        ...['--proc', path],
        ...kernelSettings.flatMap((name) => ['--ro-bind-try', `/proc/${name}`, `${path}/${name}`]),
      ];
    case 'devices':
      return ['--dev', path];
    case 'memory':
      return [
        ...(step.bytes === undefined || !limitsSizes ? [] : ['--size', String(step.bytes)]),
        '--tmpfs',
        path,
      ];
    case 'folder':
      return ['--dir', path];
    case 'seal':
      return ['--remount-ro', path];
  }
}
