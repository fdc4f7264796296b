// Makes the package that people install, and refuses one with something in it that must not be there.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryFolder } from './paths.mjs';
import { run } from './processes.mjs';
import { zipEntries } from './zipEntries.mjs';

/** What every package needs, by its path inside the extension. */
const required = [
  'package.json',
  'package.nls.json',
  'l10n/bundle.l10n.json',
  'dist/extension.cjs',
  'dist/runner.cjs',
  'dist/webview/dashboard.js',
];

/** The only places that may be packed; the .vscodeignore says the same to vsce, this checks what came of it. */
const allowed = [
  /^package(\.nls(\.[a-z-]+)?)?\.json$/,
  /^l10n\/bundle\.l10n(\.[a-z-]+)?\.json$/,
  /^(readme|changelog)\.md$/i,
  /^license(\.txt)?$/i,
  /^dist\/(extension|runner)\.cjs$/,
  /^dist\/webview\/[^/]+\.(js|css|ttf)$/,
  /^(media|syntaxes|snippets|problems)\//,
];
const forbidden = /\.(node|map|exe|dll|so|pyc)$|(^|\/)(__pycache__|node_modules|test)\//;

/** @param {string[]} names paths inside the extension @returns {string[]} what is wrong with them, in words */
export function packageFaults(names) {
  return [
    ...required.filter((name) => !names.includes(name)).map((name) => `${name} is missing`),
    ...names
      .filter((name) => forbidden.test(name) || !allowed.some((place) => place.test(name)))
      .map((name) => `${name} must not be packed`),
  ];
}

/**
 * Builds minified bundles and packs them.
 *
 * @param {string} [path] where the package goes; by default `NAME-VERSION.vsix` in the repository
 * @returns {Promise<{ path: string, bytes: number, files: { name: string, bytes: number }[] }>} the files by their
 *   paths inside the extension
 */
export async function buildVsix(path) {
  const manifest = JSON.parse(await readFile(join(repositoryFolder, 'package.json'), 'utf8'));
  const out = path ?? join(repositoryFolder, `${manifest.name}-${manifest.version}.vsix`);
  await mkdir(dirname(out), { recursive: true });
  await run(process.execPath, ['scripts/build.mjs', '--minify'], { cwd: repositoryFolder });
  const vsce = join(repositoryFolder, 'node_modules/@vscode/vsce/vsce');
  const options = [
    '--no-dependencies',
    '--allow-missing-repository',
    '--no-rewrite-relative-links',
    '--out',
    out,
  ];
  await run(process.execPath, [vsce, 'package', ...options], { cwd: repositoryFolder });

  const prefix = 'extension/';
  const files = (await zipEntries(out))
    .filter((entry) => entry.name.startsWith(prefix))
    .map(({ name, bytes }) => ({ name: name.slice(prefix.length), bytes }));
  const faults = packageFaults(files.map((file) => file.name));
  if (faults.length > 0) throw new Error(`${out} is not fit to be published:\n  ${faults.join('\n  ')}`);
  return { path: out, bytes: (await stat(out)).size, files };
}
