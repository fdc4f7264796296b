// Bundles the extension, the runner and the dashboard page into dist/. `--watch` keeps doing so.
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as esbuild from 'esbuild';

const watch = process.argv.includes('--watch');
const minify = process.argv.includes('--minify');

/** ssh2 looks for two native addons and works without them; no binary of ours may reach a package. */
const withoutNativeAddons = {
  name: 'without-native-addons',
  setup(build) {
    build.onResolve({ filter: /^cpu-features$|sshcrypto\.node$/ }, (args) => ({
      path: args.path,
      namespace: 'absent',
    }));
    build.onLoad({ filter: /.*/, namespace: 'absent' }, (args) => ({
      contents: `throw new Error(${JSON.stringify(`${args.path} is not bundled`)});`,
      loader: 'js',
    }));
  },
};

const common = {
  bundle: true,
  metafile: true,
  minify,
  sourcemap: minify ? false : 'linked',
  logLevel: 'warning',
  legalComments: 'none',
};

/** @type {esbuild.BuildOptions[]} */
const bundles = [
  {
    ...common,
    entryPoints: { extension: 'src/extension/extension.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
    // Recent editors report every look at the global `navigator` by an extension as an error; zod takes one.
    define: { navigator: 'undefined' },
    plugins: [withoutNativeAddons],
  },
  {
    ...common,
    entryPoints: { runner: 'src/runner/main.ts' },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    banner: { js: '#!/usr/bin/env node' },
  },
  {
    ...common,
    entryPoints: { dashboard: 'webview/dashboard.ts' },
    outdir: 'dist/webview',
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    loader: { '.css': 'css', '.ttf': 'file' },
  },
];

await mkdir('dist/webview', { recursive: true });
const copies = ['codicon.css', 'codicon.ttf'];
for (const name of copies) {
  await cp(join('node_modules/@vscode/codicons/dist', name), join('dist/webview', name));
}
if (watch) {
  for (const options of bundles) await (await esbuild.context(options)).watch();
} else {
  const results = await Promise.all(bundles.map((options) => esbuild.build(options)));
  const written = results.flatMap((result) => Object.keys(result.metafile.outputs));
  await removeAllBut([...written, ...copies.map((name) => `dist/webview/${name}`)]);
}

/** Files of an earlier build go after this one is written, so that a program that is running keeps what it needs. */
async function removeAllBut(kept) {
  for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !kept.includes(path)) await rm(path);
  }
}
