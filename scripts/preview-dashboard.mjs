// `npm run preview`: the dashboard's page with a recorded session, in any browser.
//
//   npm run preview                  25,600 candidates at http://127.0.0.1:4870/?play&theme=dark
//   npm run preview -- --steps 5     the beginning of them
//   npm run preview -- --port 5000   elsewhere
//
// `theme` is dark, light, hc-dark or hc-light; `&language=de` writes German numbers and texts in a made-up language. The page is bundled when this starts: start it again to see a change.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import * as esbuild from 'esbuild';
import { repositoryFolder } from './lib/paths.mjs';

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '4870' }, steps: { type: 'string', default: '50' } },
});
process.chdir(repositoryFolder);
const built = join(repositoryFolder, '.build/preview');
await mkdir(built, { recursive: true });
const outfile = join(built, 'serve.mjs');
await esbuild.build({
  entryPoints: [join(repositoryFolder, 'test/webview/preview/serve.ts')],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
});
const { serve } = await import(pathToFileURL(outfile).href);
console.log(`${await serve(Number(options.port), Number(options.steps))}?play&theme=dark`);
