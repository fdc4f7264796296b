import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundleProgram } from '../../../support/bundledProgram';
import type { WantedGpus } from '../../../../src/evaluation/leases/gpuSeats';

/** A process that takes GPUs again and again. */
export interface LeasingSession {
  /** What it has got next: GPUs with commas between. */
  next(): Promise<string>;
  /** How many it has got that nobody asked for yet. */
  unread(): number;
  /** Gives back what it has, and asks again at once. */
  again(): void;
  giveBackAndEnd(): Promise<void>;
  kill(): Promise<void>;
}

/** Begins such processes. `folder`: for their program. */
export async function leasingSessions(
  folder: string,
): Promise<(what: 'seat' | 'turn', wanted: WantedGpus) => LeasingSession> {
  const program = join(folder, 'leaseProcess.mjs');
  await bundleProgram(join(import.meta.dirname, 'leaseProcess.ts'), program);
  return (what, wanted) => {
    const child = spawn(process.execPath, [program, what, JSON.stringify(wanted)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => undefined);
    const lines: string[] = [];
    const askers: ((line: string) => void)[] = [];
    createInterface(child.stdout).on('line', (line) => {
      const asker = askers.shift();
      if (asker === undefined) lines.push(line);
      else asker(line);
    });
    const ended = once(child, 'close');
    return {
      next: () => {
        const line = lines.shift();
        return line === undefined ? new Promise((resolve) => askers.push(resolve)) : Promise.resolve(line);
      },
      unread: () => lines.length,
      again: () => void child.stdin.write('again\n'),
      async giveBackAndEnd() {
        child.stdin.write('end\n');
        await ended;
      },
      async kill() {
        child.kill('SIGKILL');
        await ended;
      },
    };
  };
}
