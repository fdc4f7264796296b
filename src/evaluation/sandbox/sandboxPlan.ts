import type { VisibleFiles } from '../executor';
import { isWithin } from '../workFolder';
import type { HostView } from './hostView';

/** What a command may see and touch of the host, whoever puts it together: `bwrap`, or we ourselves. */
export interface SandboxNeeds {
  readonly files: VisibleFiles;
  readonly cwd: string;
  readonly memoryBytes: number;
  /** Files by which evaluations of all sessions take turns on cores and GPUs. */
  readonly locks: readonly string[];
}

/** All paths are those of the host, and the same inside. */
export type SandboxStep =
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'show';
      readonly path: string;
      readonly access: 'read' | 'write' | 'device';
      /** Where it is not there, it is left out. */
      readonly isOptional: boolean;
    }
  /** A new `/proc`, of the processes inside alone, with `kernelSettings` read-only. */
  | { readonly kind: 'processes'; readonly path: string }
  /** `null`, `zero`, `random` and their like, and terminals of its own. */
  | { readonly kind: 'devices'; readonly path: string }
  /** An empty folder in memory. */
  | { readonly kind: 'memory'; readonly path: string; readonly bytes?: number }
  | { readonly kind: 'folder'; readonly path: string }
  /** From here on nothing can be made or changed in it; what is mounted below stays as it is. */
  | { readonly kind: 'seal'; readonly path: string };

/** The file system of a sandbox, step by step: later ones lie over earlier ones. See docs/evaluators.md for what is visible. */
export interface SandboxPlan {
  readonly steps: readonly SandboxStep[];
  readonly cwd: string;
}

/**
 * Of `/proc`: root without any right may still write there, and so make the kernel run a program of its own on the host (`sys/kernel/core_pattern`).
 * bwrap means to cover them, and does not where the folder itself is not writable.
 */
export const kernelSettings = ['sys', 'sysrq-trigger', 'irq', 'bus', 'fs'];

/** Of the memory limit: what `/tmp` and `/dev/shm`, which lie in memory, may hold each. */
const sharedMemoryShare = 0.5;
const temporaryShare = 0.25;

export function sandboxPlan(needs: SandboxNeeds, view: HostView): SandboxPlan {
  const memory = (path: string, share: number): SandboxStep => ({
    kind: 'memory',
    path,
    bytes: Math.max(1, Math.floor(needs.memoryBytes * share)),
  });
  const isCovered = (path: string): boolean =>
    [...view.system, ...view.links.map(([link]) => link)].some((folder) => isWithin(folder, path));
  const hidden = needs.files.hidden.filter(isCovered);
  return {
    steps: [
      ...view.links.map(([path, target]): SandboxStep => ({ kind: 'link', path, target })),
      ...view.system.map((path) => show(path, 'read')),
      { kind: 'processes', path: '/proc' },
      { kind: 'devices', path: '/dev' },
      memory('/dev/shm', sharedMemoryShare),
      ...view.devices.map((path) => show(path, 'device')),
      { kind: 'seal', path: '/dev' },
      { kind: 'folder', path: '/run' },
      { kind: 'link', path: '/var/tmp', target: '../tmp' },
      memory('/tmp', temporaryShare),
      ...hidden.map((path): SandboxStep => ({ kind: 'memory', path })),
      ...ownFiles(needs, view),
      ...hidden.map((path): SandboxStep => ({ kind: 'seal', path })),
      { kind: 'seal', path: '/' },
    ],
    cwd: needs.cwd,
  };
}

/** A folder comes before what lies in it, so that the inner one decides. */
function ownFiles({ files, cwd, locks }: SandboxNeeds, view: HostView): readonly SandboxStep[] {
  const given = [...files.writable, ...files.readable];
  const isCwdVisible = cwd === '/' || [...given, ...view.tools].some((folder) => isWithin(folder, cwd));
  const steps = [
    ...view.tools.map((path) => show(path, 'read')),
    ...files.readable.map((path) => show(path, 'read')),
    ...(isCwdVisible ? [] : [show(cwd, 'read', false)]),
    ...files.writable.map((path) => show(path, 'write', false)),
    ...locks.map((path) => show(path, 'write')),
  ];
  return steps.sort((a, b) => a.path.split('/').length - b.path.split('/').length);
}

function show(
  path: string,
  access: 'read' | 'write' | 'device',
  isOptional = true,
): Extract<SandboxStep, { kind: 'show' }> {
  return { kind: 'show', path, access, isOptional };
}
