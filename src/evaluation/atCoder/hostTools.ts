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
  /**
   * Goes before the measurement of a program that an official tester starts: process numbers for the two alone, so that those of the tester do not
   * count as the program's. Empty where the host cannot have the one namespace in the other.
   */
  readonly counting: readonly string[];
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
  const isolation = await findIsolation(context);
  return {
    cores: canPin ? physicalCores(readTopology()) : [],
    isolation,
    counting: await findCounting(context, isolation),
  };
}

/** Within a sandbox the second is often possible where the first is not; then a program sees numbers of others, but can do nothing to them. */
async function findIsolation(context: PreparationContext): Promise<readonly string[]> {
  const whole = ['setpriv', ...namespaceArguments('unshare')];
  for (const isolation of [whole, whole.filter((word) => word !== '--mount-proc')]) {
    if (await isFirst(context, isolation)) return isolation;
  }
  return [];
}

async function findCounting(
  context: PreparationContext,
  isolation: readonly string[],
): Promise<readonly string[]> {
  // What it starts may outlive the thread of the tester that started it, so it does not end with that.
  const counting = isolation.slice(Math.max(0, isolation.indexOf('unshare')));
  return counting.length > 0 && (await isFirst(context, [...counting, ...isolation])) ? counting : [];
}

async function isFirst(context: PreparationContext, isolation: readonly string[]): Promise<boolean> {
  const trial = await context.execute({
    argv: asCommand([...isolation, '/bin/sh', '-c', 'echo "$$"']),
    cwd: '/',
  });
  return endedWell(trial) && trial.output.trim() === '1';
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
