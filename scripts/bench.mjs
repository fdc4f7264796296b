// `npm run bench`: measures and prints one line a figure, `name: value unit (load)`; the load is the mean of the last minute.
//
//   npm run bench                    all of it
//   npm run bench -- sizes latency   only these
//   npm run bench:ssh                the way to a host: connections, uploads, events, links that die
//   npm run bench -- --json FILE     writes [{ "name", "value", "unit", "load" }, …] as well
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureCodeServer } from './lib/codeServerInstall.mjs';
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { repositoryFolder } from './lib/paths.mjs';
import { run } from './lib/processes.mjs';
import { printFailure } from './lib/progress.mjs';
import { ensureSystemPackages } from './lib/systemPackages.mjs';
import { buildVsix } from './lib/vsix.mjs';

const { values: options, positionals } = parseArgs({
  options: { json: { type: 'string' } },
  allowPositionals: true,
});
const benches = (await readdir(join(repositoryFolder, 'test/bench')))
  .filter((name) => name.endsWith('.bench.ts'))
  .map((name) => name.slice(0, -'.bench.ts'.length));
const withoutEditor = ['sizes', 'latency', 'lineage', 'ssh', 'sshUpload'];
const unknown = positionals.filter((name) => !benches.includes(name));
if (unknown.length > 0) {
  console.error(`No bench named ${unknown.join(', ')}; there are: ${benches.join(', ')}`);
  process.exit(2);
}

try {
  const wanted = positionals.length > 0 ? positionals : benches;
  const needsEditor = wanted.some((name) => !withoutEditor.includes(name));
  await ensureSystemPackages([
    'python',
    'bubblewrap',
    'ssh',
    'sshd',
    'ps',
    ...(needsEditor ? ['chromium'] : []),
  ]);
  await ensureNodeModules();
  if (needsEditor) await ensureCodeServer();
  const vsix = join(repositoryFolder, '.build/ttt-discover.vsix');
  await buildVsix(vsix);
  const figures = [];
  for (const name of wanted) figures.push(...(await measure(name, vsix)));
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}

/** A bench is a file that vitest runs: it checks that what it measures works, and reports its figures to a file. */
async function measure(name, vsix) {
  const report = join(repositoryFolder, `.build/bench-${name}.jsonl`);
  await mkdir(join(repositoryFolder, '.build'), { recursive: true });
  await rm(report, { force: true });
  await run(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--project', 'bench', `test/bench/${name}.bench.ts`],
    { cwd: repositoryFolder, env: { TTT_DISCOVER_FIGURES: report, TTT_DISCOVER_VSIX: vsix, CI: 'true' } },
  );
  const lines = (await readFile(report, 'utf8')).split('\n').filter(Boolean);
  const figures = lines.map((line) => JSON.parse(line));
  for (const { name: label, value, unit, load } of figures)
    console.log(`${label}: ${Number(value.toPrecision(4))} ${unit} (load ${load.toFixed(1)})`);
  return figures;
}
