import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { isNamespaced, systemPath } from '../containment';
import { findProgram } from '../findProgram';
import { containerRefusal, makeBundle, removeLeftBundles } from './containerBundle';
import type { ContainerRuntime, RuntimeName } from './containerBundle';
import { refusedCalls } from './syscallFilter';
import { trialPlan } from './trialPlan';

const usualTrialMs = 10_000;
const trial =
  'read -r self _ </proc/self/stat; echo "$$ $self"; cat /proc/self/status; echo; cat /proc/self/mountinfo';

/** Ubuntu's AppArmor knows runc where its package puts it, and not the one that Docker brings. */
const searchPath = `/usr/sbin:${systemPath}`;

export type ContainerProbe =
  | { readonly kind: 'works'; readonly runtime: ContainerRuntime }
  | { readonly kind: 'absent' | 'fails'; readonly why: string };

/** Runs one command as evaluations are run, and sees whether the runtime did all that it was asked for. */
export async function probeContainer(name: RuntimeName, trialMs = usualTrialMs): Promise<ContainerProbe> {
  if (process.platform !== 'linux')
    return { kind: 'fails', why: `containers are for Linux, and this is ${process.platform}.` };
  const path = await findProgram(name, searchPath, '/');
  if (path === undefined) return { kind: 'absent', why: `${name} is not installed.` };
  const setpriv = await findProgram('setpriv', systemPath, '/');
  if (setpriv === undefined) return { kind: 'fails', why: 'setpriv is not installed (util-linux).' };
  const runtime = { name, path, setpriv, hasCgroupNamespace: existsSync('/proc/self/ns/cgroup') };
  const why = await tryRuntime(runtime, trialMs);
  return why === undefined ? { kind: 'works', runtime } : { kind: 'fails', why };
}

/** Why it does not work, or undefined where it does. */
async function tryRuntime(runtime: ContainerRuntime, trialMs: number): Promise<string | undefined> {
  await removeLeftBundles(runtime);
  const plan = trialPlan();
  const bundle = makeBundle(runtime, plan, { refused: refusedCalls(false), descriptors: 0 });
  try {
    const env = { PATH: systemPath };
    const [program, ...rest] = bundle.around(['/bin/sh', '-c', trial], env);
    const options = { timeout: Math.ceil(trialMs), killSignal: 'SIGKILL', cwd: '/', env } as const;
    const { stdout } = await promisify(execFile)(program, rest, options);
    return leftOpen(stdout);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const refusal = containerRefusal(words) ?? words;
    return refusal.trim().split('\n').at(-1) ?? '';
  } finally {
    await bundle.release();
  }
}

/** May be written in every sandbox; in the one of the trial, nothing else. */
const writablePlaces = ['/proc', '/dev/pts', '/dev/shm', '/tmp'];
const devices = /^\/dev\/(null|zero|full|random|urandom|tty)$/;

/** What the words of the trial show that the runtime did not do; undefined where it did all. */
export function leftOpen(said: string): string | undefined {
  const [first = '', ...status] = said.split('\n');
  if (!isNamespaced(first)) return 'it gives no process namespace.';
  const valueOf = (name: string): string | undefined =>
    status.find((line) => line.startsWith(`${name}:`))?.split(/\s+/)[1];
  const sets = ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'];
  if (!sets.every((name) => /^0+$/.test(valueOf(name) ?? ''))) return 'it leaves rights over the system.';
  if (valueOf('NoNewPrivs') !== '1') return 'it lets programs get new rights.';
  if (valueOf('Seccomp') !== '2') return 'it does not filter system calls.';
  const mounts = said
    .split('\n\n')
    .slice(1)
    .join('\n')
    .split('\n')
    .flatMap((line) => {
      const [, , , , path, options] = line.split(' ');
      return path === undefined || options === undefined ? [] : [{ path, options: options.split(',') }];
    });
  if (!mounts.some(({ path }) => path === '/')) return 'it does not say what it mounted.';
  const open = mounts.find(
    ({ path, options }) => !options.includes('ro') && !writablePlaces.includes(path) && !devices.test(path),
  );
  return open === undefined ? undefined : `it leaves ${open.path} open for writing.`;
}
