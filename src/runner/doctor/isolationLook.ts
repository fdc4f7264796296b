import { readFileSync } from 'node:fs';
import { isNamespaced, namespaceArguments, namespaceTrial, systemPath } from '../../evaluation/containment';
import { runtimeNames } from '../../evaluation/sandbox/containerBundle';
import { probeContainer } from '../../evaluation/sandbox/probeContainer';
import { probeUnshare } from '../../evaluation/sandbox/probeUnshare';
import { bubblewrapTrial } from '../../evaluation/sandbox/probeBubblewrap';
import type { HostFacts, Look } from '../../domain/host/hostFacts';
import { succeeded, unseenBy, type DoctorContext } from './doctorContext';

type Isolation = HostFacts['isolation'];
type Trial = Isolation['processNamespace'];

const noProgram = 127;
const [bestRuntime] = runtimeNames;

/** Only a trial tells whether a kernel or a container allows namespaces. */
export async function lookAtIsolation(context: DoctorContext): Promise<Isolation> {
  const [processNamespace, userNamespace, bubblewrap, ownSandbox] = await Promise.all([
    tryProcessNamespace(context),
    tryCommand(context, 'unshare', '-U', '-r', 'true'),
    // As evaluations do it, but for sizes, which not every version limits.
    tryCommand(context, ...bubblewrapTrial({ path: 'bwrap', limitsSizes: false })),
    tryOwnSandbox(context),
  ]);
  const isIsolated = bubblewrap.state === 'found' || ownSandbox.state === 'found';
  return {
    ...{ processNamespace, userNamespace, bubblewrap, ownSandbox, obstacles: obstacles() },
    ...(!isIsolated && { container: await tryContainers(context) }),
  };
}

/** As evaluations do it. */
async function tryProcessNamespace({ shell, limits }: DoctorContext): Promise<Trial> {
  const script = `
PATH=$1; export PATH; shift
for p in setpriv unshare; do command -v "$p" >/dev/null || { echo "no $p in $PATH" >&2; exit ${noProgram}; }; done
exec setpriv "$@"`;
  const report = await shell(script, [systemPath, ...namespaceArguments('unshare'), ...namespaceTrial]);
  if (succeeded(report) && isNamespaced(report.stdout)) return { state: 'found', value: {} };
  return unseenBy(report, limits.programMs);
}

async function tryOwnSandbox({ limits }: DoctorContext): Promise<Isolation['ownSandbox']> {
  const probe = await probeUnshare(limits.programMs);
  if (probe.kind === 'fails') return { state: 'failed', reason: probe.why };
  const { loader, hasUserNamespace } = probe.unshare;
  return { state: 'found', value: { language: loader.language, hasUserNamespace } };
}

async function tryContainers({ limits }: DoctorContext): Promise<NonNullable<Isolation['container']>> {
  const refusals: string[] = [];
  let isAbsent = false;
  for (const runtime of runtimeNames) {
    const probe = await probeContainer(runtime, limits.programMs);
    if (probe.kind === 'works') return { state: 'found', value: { runtime } };
    refusals.push(probe.why);
    isAbsent ||= probe.kind === 'absent' && runtime === bestRuntime;
  }
  return { state: isAbsent ? 'absent' : 'failed', reason: refusals.join(' ') };
}

async function tryCommand(
  { shell, limits }: DoctorContext,
  program: string,
  ...args: readonly string[]
): Promise<Look<Record<string, never>>> {
  const script = `command -v "$1" >/dev/null || exit ${noProgram}; exec "$@"`;
  const report = await shell(script, [program, ...args]);
  if (succeeded(report)) return { state: 'found', value: {} };
  const isAbsent = report.end.kind === 'exited' && report.end.code === noProgram;
  return isAbsent ? { state: 'absent', reason: `no ${program}` } : unseenBy(report, limits.programMs);
}

function obstacles(): Isolation['obstacles'] {
  const found: Isolation['obstacles'] = [];
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') found.push('apparmor');
  if (setting('kernel/unprivileged_userns_clone') === '0') found.push('unprivileged-clone');
  if (setting('user/max_user_namespaces') === '0') found.push('no-user-namespaces');
  return found;
}

/** `undefined` where the kernel has no such setting. */
function setting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}
