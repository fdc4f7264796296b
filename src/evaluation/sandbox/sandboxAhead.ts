import { isWithin } from '../workFolder';
import type { HostView } from './hostView';
import { sandboxPlan } from './sandboxPlan';
import type { SandboxNeeds, SandboxStep } from './sandboxPlan';
import { callsOf, enteringCgroup, leavingHost, makingRoot, namespacesOfSandbox } from './systemCalls';
import type { LookAt, SandboxCall } from './systemCalls';

/** The calls that make a sandbox before it is known what for: all but those that show the folders to write in. */
export interface SandboxAhead {
  /** Flags of clone(2) with which its first process is made. */
  readonly namespaces: number;
  /** Of that process, which has the host at hand until the rest of the calls; in the host's own view of files, then in its own. */
  readonly outside: readonly SandboxCall[];
  readonly inside: readonly SandboxCall[];
}

/** Whether these folders can be shown at the end: nothing else lies in them that was shown before. */
export function canBeMadeAhead({ files, cwd, locks }: SandboxNeeds, view: HostView): boolean {
  const before = [...files.readable, ...files.hidden, ...locks, ...view.tools, ...view.devices];
  return (
    files.writable.some((folder) => isWithin(folder, cwd)) &&
    files.writable.every((folder) => !before.some((path) => isWithin(folder, path)))
  );
}

export function callsAhead(needs: SandboxNeeds, view: HostView, lookAt: LookAt): SandboxAhead {
  const { steps } = aheadPlan(needs, view);
  return {
    namespaces: namespacesOfSandbox,
    outside: enteringCgroup(),
    inside: [...makingRoot(), ...withoutLastSeals(steps).flatMap((step) => callsOf(step, lookAt))],
  };
}

/** The rest, when it is known. Throws where a folder is not there. */
export function callsAtUse(needs: SandboxNeeds, view: HostView, lookAt: LookAt): readonly SandboxCall[] {
  const { steps } = aheadPlan(needs, view);
  const folders = needs.files.writable.map((path): SandboxStep => ({
    kind: 'show',
    path,
    access: 'write',
    isOptional: false,
  }));
  const seals = steps.slice(withoutLastSeals(steps).length);
  return [...[...folders, ...seals].flatMap((step) => callsOf(step, lookAt)), ...leavingHost(needs.cwd)];
}

function aheadPlan(needs: SandboxNeeds, view: HostView): { readonly steps: readonly SandboxStep[] } {
  return sandboxPlan({ ...needs, files: { ...needs.files, writable: [] }, cwd: '/' }, view);
}

/** What is sealed last is what folders are shown in: the root, and folders that are hidden. */
function withoutLastSeals(steps: readonly SandboxStep[]): readonly SandboxStep[] {
  const last = steps.findLastIndex(({ kind }) => kind !== 'seal');
  return steps.slice(0, last + 1);
}
