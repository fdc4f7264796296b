// `npm run bench:ui`: what people wait for, with a recorded session of 25,600 candidates: the dashboard's page in headless Chromium, then
// the views, reviews, accepting, memory and activation in a real editor.
//
//   npm run bench:ui                    all of it; some ten minutes
//   npm run bench:ui -- --only page     the page alone: first paint, live updates, and a minute of 100 candidates a second
//   npm run bench:ui -- --seconds 10    a shorter stream
//   npm run bench:ui -- --json FILE     writes [{ "name", "value", "unit", "load" }, …] as well
//
// Next to each figure stands the load of the machine (mean of the last minute): what else computes meanwhile makes everything slower.
import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
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
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '60' },
  },
});
if (options.only !== undefined && options.only !== 'page') {
  console.error('--only takes "page".');
  process.exit(2);
}
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
if (options.only === undefined) figures.push(...(await measureEditor()));
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
if (code !== 0) process.exitCode = code ?? 1;

/** The other benches of the editor, which vitest runs. They print their own lines. */
async function measureEditor() {
  const report = join(built, 'editor.json');
  const names = ['lineage', 'accepting', 'hostMemory', 'activation'];
  const args = [join(repositoryFolder, 'scripts/bench.mjs'), ...names, '--json', report];
  const editor = spawn(process.execPath, args, { cwd: repositoryFolder, stdio: 'inherit' });
  const editorCode = await new Promise((resolve) => editor.once('close', resolve));
  if (editorCode !== 0) {
    process.exitCode = editorCode ?? 1;
    return [];
  }
  return JSON.parse(await readFile(report, 'utf8'));
}
