// One process of `npm run bench:eval`; prints figures as JSON.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits } from '../../../src/domain/problem/problem';
import { createLocalExecutor } from '../../../src/evaluation/localExecutor';
import { runtimeNames } from '../../../src/evaluation/sandbox/containerBundle';
import type { RuntimeName } from '../../../src/evaluation/sandbox/containerBundle';
import { probeContainer } from '../../../src/evaluation/sandbox/probeContainer';

const rounds = Number(process.argv[2] ?? 100);
const folder = mkdtempSync(join(tmpdir(), 'ttt-discover-bench-eval-'));
const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin' };
const argv = ['/bin/sh', '-c', 'echo done'] as const;
const never = new AbortController().signal;

const bare = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(argv[0], argv.slice(1), { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.resume();
    child.stderr.resume();
    child.once('error', reject);
    child.once('close', () => resolve());
  });
const executed = (executor: ReturnType<typeof createLocalExecutor>) => async (): Promise<void> => {
  const files = { writable: [folder], readable: [], hidden: [] };
  const request = { id: 'bench', argv, cwd: folder, env, limits: defaultLimits, files };
  const { end } = await executor.execute(request, never);
  if (end.kind !== 'exited' || end.code !== 0) throw new Error(`It ended so: ${JSON.stringify(end)}`);
};
const ways: Record<string, () => Promise<void>> = {
  'bare process': bare,
  'not isolated, with limits': executed(createLocalExecutor({ isolation: 'none' })),
  isolated: executed(createLocalExecutor({ isolators: ['bubblewrap'] })),
  'isolated without bubblewrap': executed(createLocalExecutor({ isolators: ['unshare'] })),
};

/** Where they are: what they cost is for those who have nothing better. */
async function addContainers(): Promise<readonly RuntimeName[]> {
  const found: RuntimeName[] = [];
  for (const name of runtimeNames) {
    const probe = await probeContainer(name);
    if (probe.kind === 'works') found.push(name);
    else process.stderr.write(`Not measured: ${probe.why}\n`);
  }
  for (const name of found)
    ways[`in a container of ${name}`] = executed(createLocalExecutor({ isolators: [name] }));
  return found;
}

async function main(): Promise<void> {
  const runtimes = await addContainers();
  const took = new Map<string, number[]>(Object.keys(ways).map((name) => [name, []]));
  for (let round = -3; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(ways)) {
      const began = performance.now();
      await run();
      // The first ones look at the host.
      if (round >= 0) took.get(name)?.push(performance.now() - began);
    }
  }
  const quantile = (name: string, share: number): number => {
    const sorted = [...(took.get(name) ?? [])].sort((a, b) => a - b);
    return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  };
  const figures = [...took.keys()].flatMap((name) => [
    { name: `${name}, median`, value: quantile(name, 0.5), unit: 'ms' },
    { name: `${name}, 95 %`, value: quantile(name, 0.95), unit: 'ms' },
  ]);
  const overhead = (way: string): number => quantile(way, 0.5) - quantile('bare process', 0.5);
  process.stdout.write(
    JSON.stringify([
      ...figures,
      { name: 'isolation over a bare process, median', value: overhead('isolated'), unit: 'ms' },
      {
        name: 'isolation without bubblewrap over a bare process, median',
        value: overhead('isolated without bubblewrap'),
        unit: 'ms',
      },
      ...runtimes.map((name) => ({
        name: `a container of ${name} over a bare process, median`,
        value: overhead(`in a container of ${name}`),
        unit: 'ms',
      })),
      { name: 'load of the machine', value: loadavg()[0], unit: '' },
    ]),
  );
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(() => rmSync(folder, { recursive: true, force: true }));
