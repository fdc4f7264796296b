import { isolatorKinds } from '../sandbox/isolation';
import type { IsolatorKind } from '../sandbox/isolation';
import { probeBubblewrap } from '../sandbox/probeBubblewrap';
import { probeUnshare, unshareCommand } from '../sandbox/probeUnshare';
import type { SandboxPlan } from '../sandbox/sandboxPlan';

/** Makes a view of this host in which nothing can be changed, for the command that is put behind it. */
export interface ReadOnlyView {
  readonly command: readonly [string, ...string[]];
  /** What its first program reads from the standard input; undefined where it reads nothing. */
  readonly input: Buffer | undefined;
}

const plan: SandboxPlan = {
  steps: [
    { kind: 'show', path: '/', access: 'read', isOptional: false },
    { kind: 'processes', path: '/proc' },
  ],
  cwd: '/',
};
const standardInput = 0;

/** By whichever of `kinds` makes the sandboxes of this host, in their order. Throws with the reasons where none can. */
export async function findReadOnlyView(
  kinds: readonly IsolatorKind[] = isolatorKinds,
): Promise<ReadOnlyView> {
  const refusals: string[] = [];
  if (kinds.includes('bubblewrap')) {
    const probe = await probeBubblewrap();
    if (probe.kind === 'works') {
      const asked = ['--unshare-user', '--die-with-parent', '--ro-bind', '/', '/', '--proc', '/proc', '--'];
      return { command: [probe.bubblewrap.path, ...asked], input: undefined };
    }
    refusals.push(`bubblewrap: ${probe.why}`);
  }
  if (kinds.includes('unshare')) {
    const probe = await probeUnshare();
    if (probe.kind === 'works' && probe.unshare.hasUserNamespace) {
      const { prefix, input } = unshareCommand(probe.unshare, plan, undefined, standardInput);
      return { command: prefix, input };
    }
    // A process of root's that joins such a sandbox would keep its rights.
    const why = probe.kind === 'works' ? 'root alone may make them here, and none of users.' : probe.why;
    refusals.push(`namespaces without it: ${why}`);
  }
  throw new Error(refusals.join(' '));
}
