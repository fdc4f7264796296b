import { executionMark } from '../../src/evaluation/containedRun';
import { allProcesses, environmentOf } from '../../src/evaluation/processTable';

/** Process ids that carry the mark of the execution with this id. */
export function livingProcesses(id: string): number[] {
  return allProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => environmentOf(pid).some((entry) => entry.startsWith(`${executionMark}=${id}.`)));
}
