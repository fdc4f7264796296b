import type { Measurement } from './timedCommand';

/** Of the time that a program ran; less than this nobody answers for, and it changes little. */
const mostShare = 0.02;
/** Of short runs; the kernel's account of a core is in hundredths of a second. */
const leastMs = 30;
/** What runs on the core's other processor (SMT) slows a program down, though not as much as sharing its own. */
const besideWeight = 0.5;

/** How much of its core others had while it ran. */
export function takenMs({ waitedMs, besideMs = 0 }: Measurement): number {
  return waitedMs + besideWeight * besideMs;
}

export function isDisturbed(measurement: Measurement): boolean {
  return takenMs(measurement) > Math.max(leastMs, mostShare * measurement.wallMs);
}

/**
 * Whether what its core did beside it was done by others. The processor time of a process is lost to all accounts when its parent ignores the
 * signal that it ended (wait(2)): so a program that starts processes could compute in them, and have it held for others'. The kernel counts
 * threads the same way as processes. `aloneTasks`: of a program that starts none, see `Measurement.tasks`.
 */
export function isByOthers({ tasks }: Measurement, aloneTasks: number | undefined): boolean {
  return tasks === undefined || tasks === aloneTasks;
}
