// Runs code-server: on loopback, without a login, without telemetry, with folders of its own.
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureCodeServer } from './codeServerInstall.mjs';
import { endGroup, run } from './processes.mjs';

/** What a VS Code says "no" to before anybody asks: no reports, no updates, no start page, no assistant of its own. */
export const quietSettings = {
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'extensions.autoCheckUpdates': false,
  'workbench.startupEditor': 'none',
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

/** The folders that one VS Code keeps its things in. */
function folderOptions({ home }) {
  return [
    ['--config', join(home, 'code-server.yaml')],
    ['--user-data-dir', join(home, 'data')],
    ['--extensions-dir', join(home, 'extensions')],
  ].flat();
}

/**
 * Installs an extension package as a person would, with VS Code's own command.
 *
 * @param {{ home: string, vsix: string }} options `home`: the folder of this VS Code, made if missing
 */
export async function installExtension({ home, vsix }) {
  const [command, ...first] = await ensureCodeServer();
  await writeConfiguration(home);
  await run(command, [...first, ...folderOptions({ home }), '--install-extension', vsix, '--force']);
}

/** @param {{ home: string, settings: Record<string, unknown> }} options writes the user settings of this VS Code */
export async function writeUserSettings({ home, settings }) {
  await writeSettings(join(home, 'data/User'), settings);
}

/** The settings of the machine that VS Code's server runs on: settings of the scope `machine` are read only there. */
export async function writeMachineSettings({ home, settings }) {
  await writeSettings(join(home, 'data/Machine'), settings);
}

async function writeSettings(folder, settings) {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'settings.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

/**
 * Starts it and resolves when it listens. What is started ends with `stop()`, and with this process.
 *
 * @param {{ home: string, port?: number, trustEverything?: boolean, env?: Record<string, string | undefined> }} options
 *   `port` 0 takes a free one; `trustEverything` leaves Workspace Trust out
 * @returns {Promise<{ origin: string, pid: number, output: () => string, ended: Promise<void>, stop: () => Promise<void> }>}
 */
export async function startCodeServer({ home, port = 0, trustEverything = false, env = {} }) {
  const [command, ...first] = await ensureCodeServer();
  await writeConfiguration(home);
  const args = [...first, ...folderOptions({ home }), '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`];
  args.push('--disable-telemetry', '--disable-update-check', '--disable-getting-started-override');
  if (trustEverything) args.push('--disable-workspace-trust');
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let output = '';
  const endWithUs = () => process.kill(-child.pid, 'SIGKILL');
  process.once('exit', endWithUs);
  const ended = new Promise((resolve) => {
    child.once('close', () => {
      process.off('exit', endWithUs);
      resolve();
    });
  });
  const origin = await new Promise((resolve, reject) => {
    const read = (bytes) => {
      output += bytes;
      const address = /HTTP server listening on (http:\/\/[\d.]+:\d+)/.exec(output)?.[1];
      if (address !== undefined) resolve(address);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    void ended.then(() => reject(new Error(`code-server ended before it listened:\n${output}`)));
  });
  return { origin, pid: child.pid, output: () => output, ended, stop: () => endGroup(child) };
}

/** The address of a folder (or a .code-workspace file) in it. */
export function folderAddress(origin, folder) {
  return `${origin}/?folder=${encodeURIComponent(folder)}`;
}

/** An empty configuration of our own: without one code-server writes a file into the person's home. */
async function writeConfiguration(home) {
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'code-server.yaml'), '{}\n');
}
