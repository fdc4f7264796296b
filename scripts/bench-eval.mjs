// `npm run bench:eval`: what the isolation of an evaluation costs over a bare process, and what it saves to keep Python ready with the imports
// of numpy and scipy done.
//
//   npm run bench:eval -- --rounds 300      more than 100 of each; of those with Python, which take longer, a tenth
//   npm run bench:eval -- --only warm       one of overhead, warm
//   npm run bench:eval -- --json FILE       writes [{ "name", "value", "unit" }, …] as well
//
// The ways take turns, so that a busy machine disturbs them alike; medians are compared.
import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { repositoryFolder } from './lib/paths.mjs';
import { ensureSystemPackages } from './lib/systemPackages.mjs';

const { values: options } = parseArgs({
  options: { json: { type: 'string' }, rounds: { type: 'string', default: '100' }, only: { type: 'string' } },
});
await ensureSystemPackages(['python', 'bubblewrap']);
const built = join(repositoryFolder, '.build/bench-eval');
await mkdir(built, { recursive: true });
const rounds = Number(options.rounds);
const parts = {
  overhead: [String(rounds)],
  warm: [
    String(Math.max(1, Math.floor(rounds / 10))),
    join(repositoryFolder, 'problems'),
    join(built, 'root'),
  ],
};
const chosen = Object.entries(parts).filter(([part]) => options.only === undefined || options.only === part);
if (chosen.length === 0) throw new Error(`--only takes one of ${Object.keys(parts).join(', ')}.`);
const figures = [];
for (const [part, words] of chosen) {
  const program = join(built, `${part}.cjs`);
  await esbuild.build({
    entryPoints: [join(repositoryFolder, `test/bench/evaluation/${part}.ts`)],
    outfile: program,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
  });
  const { status, stdout } = spawnSync(process.execPath, [program, ...words], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  figures.push(...JSON.parse(stdout));
}
for (const { name, value, unit } of figures) console.log(`${name}: ${Number(value.toPrecision(4))} ${unit}`);
if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(figures, null, 2)}\n`);
