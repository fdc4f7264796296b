import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { allProcesses, environmentOf } from '../../../src/evaluation/processTable';

/** Of the core with this number, as programs are timed on it. */
export function lockOf(core: number): string {
  return `/tmp/timed-core-${process.getuid?.() ?? 0}-${core}.lock`;
}

/** Holds these locks when it resolves; gives them back when it is told to. */
export async function holding(cores: readonly number[]): Promise<() => Promise<void>> {
  const endings: (() => Promise<unknown>)[] = [];
  for (const core of cores) {
    const script = 'exec 9>>"$1"; flock 9; echo held; read -r line; exit 0';
    const child = spawn('/bin/sh', ['-c', script, 'sh', lockOf(core)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const closed = new Promise((resolve) => child.once('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    endings.push(() => {
      child.stdin.end('\n');
      return closed;
    });
  }
  return async () => {
    await Promise.all(endings.map((end) => end()));
  };
}

/** Whether a process with this in its environment waits for the lock of a core. */
export function waitsForCore(entry: string): boolean {
  return allProcesses().some(({ pid }) => {
    try {
      return (
        readFileSync(`/proc/${pid}/cmdline`, 'utf8') === 'flock\0' + '9\0' &&
        environmentOf(pid).some((one) => one.includes(entry))
      );
    } catch {
      return false;
    }
  });
}
