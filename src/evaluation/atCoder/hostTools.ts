import { readFile } from 'node:fs/promises';
import { namespaceArguments } from '../containment';
import type { PreparationContext } from '../evaluationMethod';
import { endedWell } from '../environmentTools';
import { EnvironmentError } from '../evaluator';

/** How programs can be timed and kept apart on this host. */
export interface HostTools {
  /** One processor of each core that we may use; empty where programs cannot be kept on one. */
  readonly cores: readonly number[];
  /** Goes before a command to give it process numbers of its own, so that it can neither see nor end who measures it. */
  readonly isolation: readonly string[];
}

/** Throws `EnvironmentError` where programs cannot be timed at all. */
export async function findHostTools(context: PreparationContext): Promise<HostTools> {
  const has = (name: string): Promise<boolean> =>
    succeeds(context, ['/bin/sh', '-c', 'command -v "$1"', 'sh', name]);
  if (!(await has('timeout')) || !(await succeeds(context, ['date', '+%s%N']))) {
    throw new EnvironmentError(
      'This host has no GNU timeout and date, which time the programs.',
      'Install coreutils on the host, or use a Linux host.',
    );
  }
  const canPin = (await has('taskset')) && (await has('flock'));
  return {
    cores: canPin ? await physicalCores() : [],
    isolation: await findIsolation(context),
  };
}

/** Within a sandbox the second is often possible where the first is not; then a program sees numbers of others, but can do nothing to them. */
async function findIsolation(context: PreparationContext): Promise<readonly string[]> {
  const whole = ['setpriv', ...namespaceArguments('unshare')];
  for (const isolation of [whole, whole.filter((word) => word !== '--mount-proc')]) {
    const trial = await context.execute({
      argv: asCommand([...isolation, '/bin/sh', '-c', 'echo "$$"']),
      cwd: '/',
    });
    if (endedWell(trial) && trial.output.trim() === '1') return isolation;
  }
  return [];
}

async function succeeds(context: PreparationContext, argv: [string, ...string[]]): Promise<boolean> {
  return endedWell(await context.execute({ argv, cwd: '/' }));
}

/** Two threads of one core slow each other down, so only one of them is used. */
async function physicalCores(): Promise<number[]> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const allowed = numbersIn(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '');
  const firstOfCore = new Map<string, number>();
  for (const number of allowed) {
    const path = `/sys/devices/system/cpu/cpu${number}/topology/thread_siblings_list`;
    // Not every kernel and sandbox tells; then each processor counts as a core.
    const core = (await readFile(path, 'utf8').catch(() => '')).trim() || String(number);
    if (!firstOfCore.has(core)) firstOfCore.set(core, number);
  }
  return [...firstOfCore.values()];
}

/** `0-3,8` (cpuset(7)). */
export function numbersIn(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const found = /^(\d+)(?:-(\d+))?$/.exec(part);
    if (found === null) return [];
    const [from, to] = [Number(found[1]), Number(found[2] ?? found[1])];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
}

/** A command has a program. */
export function asCommand(words: readonly string[]): [string, ...string[]] {
  const [program, ...rest] = words;
  if (program === undefined) throw new Error('A command without a program.');
  return [program, ...rest];
}
