// A real VS Code that needs a browser and nothing else: code-server with its own Node, from npm, kept in the cache.
//
// Measured on two cores: 25 s and 0.8 GB, without a compiler. code-server's own install script takes 3 minutes, asks for four
// Debian -dev packages, and builds native addons that we can do without: the terminal (node-pty) and the file
// watcher come as prebuilt binaries inside their packages, Kerberos is for proxies, the watchdog has a fallback.
// Only the log writer (spdlog) would be missed, since no output channel shows a line without it: a small
// replacement is put in its place.
import { cp, mkdir, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { restoreProposedApiGate } from './codeServerPatch.mjs';
import { cacheFolder } from './paths.mjs';
import { run } from './processes.mjs';
import { timed } from './progress.mjs';

const codeServerVersion = '4.139.1';
const nodeVersion = '24.21.0';
/** Goes up when what we do to the install changes, so that an older cache is not taken for a current one. */
const recipe = 1;

const installFolder = join(cacheFolder, `code-server-${codeServerVersion}-r${recipe}`);

/** npm's package that carries the Node binary of this platform. */
function nodePackage() {
  const appleSilicon = process.platform === 'darwin' && process.arch === 'arm64';
  return `${appleSilicon ? 'node-bin' : 'node'}-${process.platform}-${process.arch}`;
}

/**
 * Installs code-server into the cache if it is not there and returns the program line that starts it. Two that install at
 * once do not disturb each other: each builds beside, and the first to be ready wins.
 *
 * @returns {Promise<string[]>} the command and its first arguments
 */
export async function ensureCodeServer() {
  if (!(await exists(installFolder))) {
    await timed(`install code-server ${codeServerVersion} into ${installFolder}`, install);
  }
  return [
    join(installFolder, 'node_modules', nodePackage(), 'bin/node'),
    join(installFolder, 'node_modules/code-server/out/node/entry.js'),
  ];
}

async function install(say) {
  await removeAbandonedBuilds();
  const building = `${installFolder}.building-${process.pid}`;
  await mkdir(building, { recursive: true });
  await writeFile(join(building, 'package.json'), '{ "private": true }\n');
  try {
    say('downloading code-server and Node 24');
    const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
    await run('npm', [...npm, `${nodePackage()}@${nodeVersion}`, `code-server@${codeServerVersion}`], {
      cwd: building,
    });
    const vscode = join(building, 'node_modules/code-server/lib/vscode');
    say("downloading VS Code's packages");
    for (const cwd of [vscode, join(vscode, 'extensions')]) {
      await run('npm', [...npm, '--omit=dev'], { cwd });
    }
    await linkPlatformScripts(vscode);
    await cp(
      join(import.meta.dirname, 'spdlogReplacement.cjs'),
      join(vscode, 'node_modules/@vscode/spdlog/index.js'),
    );
    await restoreProposedApiGate(vscode);
    await rename(building, installFolder);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    const someoneElseWasFirst = ['ENOTEMPTY', 'EEXIST'].includes(error.code) && (await exists(installFolder));
    if (!someoneElseWasFirst) throw error;
  }
}

/** The two links that code-server's install script makes. */
async function linkPlatformScripts(vscode) {
  const platform = process.platform === 'darwin' ? 'darwin' : 'linux';
  for (const [folder, script, link] of [
    ['remote-cli', `code-${platform}.sh`, 'code-server'],
    ['helpers', `browser-${platform}.sh`, 'browser.sh'],
  ]) {
    await rm(join(vscode, 'bin', folder, link), { force: true });
    await symlink(script, join(vscode, 'bin', folder, link));
  }
}

/** What an install that was killed left behind. */
async function removeAbandonedBuilds() {
  await mkdir(cacheFolder, { recursive: true });
  for (const name of await readdir(cacheFolder)) {
    const pid = /^code-server-.*\.building-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !processIsAlive(Number(pid))) {
      await rm(join(cacheFolder, name), { recursive: true, force: true });
    }
  }
}

function processIsAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

async function exists(path) {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}
