import { namespaceArguments } from '../containment';
import type { PreparationContext } from '../evaluationMethod';
import { endedWell } from '../environmentTools';
import { EnvironmentError } from '../evaluator';
import { physicalCores, readTopology, type PhysicalCore } from '../leases/physicalCores';

/** How programs can be timed and kept apart on this host. */
export interface HostTools {
  /** Whole cores, of which programs get one each; empty where they cannot be kept on one. */
  readonly cores: readonly PhysicalCore[];
  /** Goes before a command to give it process numbers of its own, so that it can neither see nor end who measures it. */
  readonly isolation: readonly string[];
  /** See `countTasks`. */
  readonly aloneTasks?: number;
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
    cores: canPin ? physicalCores(readTopology()) : [],
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

/** A command has a program. */
export function asCommand(words: readonly string[]): [string, ...string[]] {
  const [program, ...rest] = words;
  if (program === undefined) throw new Error('A command without a program.');
  return [program, ...rest];
}
