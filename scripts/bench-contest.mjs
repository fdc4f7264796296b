// `npm run bench:contest`: how well programs of AtCoder contests are timed on cores of their own, and how well anywhere.
//
//   npm run bench:contest                   12 seeds an evaluation
//   npm run bench:contest -- --seeds 150    as many as a contest has
//   npm run bench:contest -- --seconds 2    of a seed: by the clock, and about as much fixed work (1)
//   npm run bench:contest -- --strangers    only one evaluation: alone, a seed a core, and beside strangers
//   npm run bench:contest -- --json FILE    writes [{ "name", "value", "unit", "values"? }, …] as well; values: of each seed
//
// An error is how far a quantile (of times the upper ones are bad, of work done the lower ones) is from the same one of a seed that runs alone on the
// machine. Needs g++, taskset and flock. It fills all cores for some minutes (12 seeds of 2 s with --strangers: under 5); what else computes
// meanwhile is part of what it measures. Situations take turns four times, so that it meets all of them.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { repositoryFolder } from './lib/paths.mjs';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    seeds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '1' },
    strangers: { type: 'boolean', default: false },
  },
});
const built = join(repositoryFolder, '.build/bench-contest');
await mkdir(built, { recursive: true });
await esbuild.build({
  entryPoints: [join(repositoryFolder, 'test/bench/contest/timing.ts')],
  outfile: join(built, 'timing.mjs'),
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
});
const figures = [];
const timing = spawn(
  process.execPath,
  [join(built, 'timing.mjs'), options.seeds, options.seconds, options.strangers ? 'strangers' : 'all'],
  {
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
const ended = new Promise((resolve) => timing.once('close', resolve));
for await (const line of createInterface({ input: timing.stdout })) {
  const figure = JSON.parse(line);
  figures.push(figure);
  console.log(`${figure.name}: ${Number(figure.value.toPrecision(4))} ${figure.unit}`.trimEnd());
}
const code = await ended;
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
process.exitCode = code ?? 1;
