// The packages of this repository, installed when they are not what package-lock.json says.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryFolder } from './paths.mjs';
import { run } from './processes.mjs';
import { timed } from './progress.mjs';

/**
 * True when node_modules holds every package of package-lock.json in its version, by npm's own list of what it
 * installed. Packages for other platforms may be absent.
 */
export async function nodeModulesAreCurrent(folder = repositoryFolder) {
  const wanted = await packagesOf(join(folder, 'package-lock.json'));
  const installed = await packagesOf(join(folder, 'node_modules/.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '' || entry.link) return true;
    const found = installed[path];
    return found === undefined ? entry.optional === true : found.version === entry.version;
  });
}

async function packagesOf(lockFile) {
  try {
    return JSON.parse(await readFile(lockFile, 'utf8')).packages;
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** `npm ci` when needed. No package's install script runs: none of ours needs one, and some build native code. */
export async function ensureNodeModules() {
  if (await nodeModulesAreCurrent()) return;
  await timed('npm ci', async () => {
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: repositoryFolder });
  });
}
