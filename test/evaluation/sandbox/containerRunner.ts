// Evaluates in a container as a runner does, in a process of its own: node containerRunner.mjs crun|runc FOLDER. The evaluation says that it has begun by
// a file, waits for another one, and its end is told on standard output. Without a folder: looks for the runtime alone.
import { defaultLimits } from '../../../src/domain/problem/problem';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import { isolatorKinds } from '../../../src/evaluation/sandbox/isolation';

const [, , wanted, cwd] = process.argv;
const executor = createLocalExecutor({ isolators: isolatorKinds.filter((kind) => kind === wanted) });
process.stdout.write(`${await executor.isolation()}\n`);
if (cwd !== undefined) {
  const { output } = await executor.execute(
    {
      id: 'one',
      argv: ['/bin/sh', '-c', 'touch begun; until [ -e goOn ]; do sleep 0.05; done; ls /usr/bin/env'],
      cwd,
      env: { PATH: '/usr/bin:/bin', HOME: cwd },
      limits: { ...defaultLimits, timeMs: 300_000 },
      files: { writable: [cwd], readable: [], hidden: [] },
    },
    new AbortController().signal,
  );
  process.stdout.write(output);
}
