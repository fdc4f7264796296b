// `npm start`: a real VS Code with the extension and a folder of problems, on a machine that has Node and little else.
//
//   npm start                        the desktop `code` if there is one, else VS Code in the browser
//   npm start -- --browser           in the browser in any case
//   npm start -- --port 8123         at this port (default: 8899, or a free one)
//   npm start -- --workspace FOLDER  opens this folder in place of ~/ttt-discover-problems
//   npm start -- --no-open           prints the address and opens no browser
//   npm start -- --check             starts, waits until the page answers, prints the address and ends
import { access, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import {
  folderAddress,
  installExtension,
  quietSettings,
  startCodeServer,
  writeUserSettings,
} from './lib/codeServer.mjs';
import { ensureCodeServer } from './lib/codeServerInstall.mjs';
import { ensureNodeModules } from './lib/nodeModules.mjs';
import { cacheFolder, repositoryFolder } from './lib/paths.mjs';
import { findProgram, run } from './lib/processes.mjs';
import { printFailure, timed } from './lib/progress.mjs';
import { copySampleProblems } from './lib/sampleProblems.mjs';
import { ensureSystemPackages } from './lib/systemPackages.mjs';
import { buildVsix } from './lib/vsix.mjs';

const usualPort = 8899;
const usualWorkspace = join(homedir(), 'ttt-discover-problems');

const { values: options } = parseArgs({
  options: {
    browser: { type: 'boolean', default: false },
    port: { type: 'string' },
    workspace: { type: 'string', default: usualWorkspace },
    'no-open': { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

try {
  // Without bubblewrap the editor asks before it evaluates anything: it is no reason to send a person away.
  await ensureSystemPackages(['python', 'ssh', ...(process.getuid?.() === 0 ? ['bubblewrap'] : [])]);
  await ensureNodeModules();
  const workspace = resolve(options.workspace);
  const different = await copySampleProblems(workspace);
  console.log(`Problems: ${workspace}`);
  if (different.length > 0)
    console.log(`  yours are kept where they differ from ours: ${different.join(', ')}`);
  const code = options.browser || options.check ? undefined : findProgram('code');
  if (code === undefined) await startInBrowser(workspace);
  else await startOnDesktop(code, workspace);
} catch (error) {
  printFailure(error);
  process.exitCode = 1;
}

async function startOnDesktop(code, workspace) {
  await timed('build', () => run(process.execPath, ['scripts/build.mjs'], { cwd: repositoryFolder }));
  await run(code, [`--extensionDevelopmentPath=${repositoryFolder}`, workspace]);
  console.log('VS Code is open. In it, open erdos-min-overlap and press "Start discovery".');
}

async function startInBrowser(workspace) {
  // settings and state are kept between starts; a check leaves nothing behind
  const home = options.check
    ? await mkdtemp(join(tmpdir(), 'ttt-discover-check-'))
    : join(cacheFolder, 'start');
  const vsix = join(home, 'extension.vsix');
  await ensureCodeServer();
  await timed('build and pack the extension', async () => void (await buildVsix(vsix)));
  await timed('install it into VS Code', () => installExtension({ home, vsix }));
  if (!(await isThere(join(home, 'data/User/settings.json')))) {
    await writeUserSettings({ home, settings: quietSettings });
  }
  // the usual folder is our own copy; for a folder of the person's VS Code asks
  const trustEverything = workspace === resolve(usualWorkspace);
  const server = await startCodeServer({ home, port: await portToUse(), trustEverything });
  let stopping = false;
  const stop = () => {
    stopping = true;
    void server.stop();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, stop);

  const address = folderAddress(server.origin, workspace);
  await untilPageAnswers(address);
  console.log(`\nVS Code is at  ${address}`);
  if (options.check) {
    await server.stop();
    await rm(home, { recursive: true, force: true });
    return;
  }
  console.log('It listens on this machine only. Ctrl-C stops it; sessions that run go on.');
  if (!options['no-open']) openInBrowser(address);
  await server.ended;
  if (!stopping) throw new Error(`VS Code ended by itself. Its last words:\n${server.output().slice(-2000)}`);
}

/** The same address at every start keeps the browser's own state; a second VS Code takes a free port. */
async function portToUse() {
  if (options.port !== undefined) return Number(options.port);
  return new Promise((done) => {
    const probe = createServer();
    probe.once('error', () => done(0));
    probe.listen(usualPort, '127.0.0.1', () => probe.close(() => done(usualPort)));
  });
}

async function untilPageAnswers(address) {
  const response = await fetch(address);
  const page = await response.text();
  if (!response.ok || !page.includes('vscode-workbench-web-configuration')) {
    throw new Error(`${address} answered ${response.status}, without the workbench`);
  }
}

/** Opens the page where there is a screen to open it on; a server without one has the printed address. */
function openInBrowser(address) {
  const hasScreen = process.platform === 'darwin' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  const opener = hasScreen && (findProgram('xdg-open') ?? findProgram('open'));
  if (!opener) return;
  run(opener, [address]).catch((error) => console.log(`The browser did not open: ${error.message}`));
}

async function isThere(path) {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}
