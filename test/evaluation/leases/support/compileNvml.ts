import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Puts the stand-in of NVIDIA's management library into the folder. */
export function compileNvml(folder: string): void {
  const source = join(import.meta.dirname, '../standins/nvml.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', join(folder, 'libnvidia-ml.so.1'), source]);
}
