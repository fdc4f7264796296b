import { spawn } from 'node:child_process';

/** So many programs of somebody else that compute on each of these processors; they end when told to. */
export function strangersOn(processors: readonly number[], each: number): () => void {
  const all = processors.flatMap((processor) => Array.from({ length: each }, () => processor));
  const load = all.map((processor) =>
    spawn('taskset', ['-c', String(processor), 'sh', '-c', 'while :; do :; done'], {
      stdio: 'ignore',
      // The kernel shares out processors by sessions first, and strangers are not of ours.
      detached: true,
    }),
  );
  return () => {
    for (const child of load) child.kill('SIGKILL');
  };
}
