// `npm run bench:ui`: what the dashboard's page costs with a recorded session of 25,600 candidates, in headless Chromium.
//
//   npm run bench:ui                    first paint, live updates, and a minute of 100 candidates a second
//   npm run bench:ui -- --seconds 10    a shorter stream
//   npm run bench:ui -- --json FILE     writes [{ "name", "value", "unit", "load" }, …] as well
//
// Next to each figure stands the load of the machine (mean of the last minute): what else computes meanwhile makes everything slower.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { repositoryFolder } from './lib/paths.mjs';
import { ensureSystemPackages } from './lib/systemPackages.mjs';

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '60' },
  },
});
await ensureSystemPackages(['chromium']);
const built = join(repositoryFolder, '.build/bench-ui');
await mkdir(built, { recursive: true });
await esbuild.build({
  entryPoints: [join(repositoryFolder, 'test/bench/ui/dashboard.ts')],
  outfile: join(built, 'dashboard.mjs'),
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
});
const figures = [];
const bench = spawn(process.execPath, [join(built, 'dashboard.mjs'), options.rounds, options.seconds], {
  cwd: repositoryFolder,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const ended = new Promise((resolve) => bench.once('close', resolve));
for await (const line of createInterface({ input: bench.stdout })) {
  const figure = JSON.parse(line);
  figures.push(figure);
  const load = `load ${figure.load.toFixed(1)} on ${cpus().length} cores`;
  console.log(
    `${figure.name}: ${`${Number(figure.value.toPrecision(4))} ${figure.unit}`.trimEnd()} (${load})`,
  );
}
const code = await ended;
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
process.exitCode = code ?? 1;
