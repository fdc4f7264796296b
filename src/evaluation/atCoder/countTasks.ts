import type { PreparationContext } from '../evaluationMethod';
import { asCommand, type HostTools } from './hostTools';
import { measured, readMeasurement } from './timedCommand';

const limits = { timeMs: 10_000, outputBytes: 1024 };

/**
 * `Measurement.tasks` of a program that starts neither processes nor threads; undefined where that cannot be told. `alone`: runs such a program as the
 * candidate is run, for some interpreters are found by a script that starts many.
 */
export async function countTasks(
  context: PreparationContext,
  host: HostTools,
  alone: readonly string[],
): Promise<number | undefined> {
  const told: Buffer[] = [];
  const files = { input: '/dev/null', output: '/dev/null' };
  await context.execute({
    argv: asCommand(measured(host, alone, { files, errors: '/dev/null' }, limits)),
    cwd: '/',
    onDescriptor3: (chunk) => told.push(chunk),
  });
  return readMeasurement(Buffer.concat(told).toString())?.tasks;
}
