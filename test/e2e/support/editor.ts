import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';
import { chromium, type Browser } from 'playwright-core';
import { inject } from 'vitest';
import {
  folderAddress,
  installExtension,
  quietSettings,
  startCodeServer,
  writeMachineSettings,
  writeUserSettings,
} from '../../../scripts/lib/codeServer.mjs';
import { findChromium } from '../../../scripts/lib/systemPackages.mjs';
import { endSessions } from './endSessions';
import { EditorWindow } from './editorWindow';

export const repositoryFolder = resolve(import.meta.dirname, '../../..');

export interface EditorOptions {
  /** Folders copied into the workspace, by the name that they get there. */
  readonly workspace: Readonly<Record<string, string>>;
  /** Folders of other extensions, which are packed and installed besides ours. */
  readonly extensions?: readonly string[];
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Workspace Trust as people have it: the folder is not trusted until they say so. Default: everything is. */
  readonly withWorkspaceTrust?: boolean;
}

export interface Editor {
  /** A fresh folder that holds all that belongs to this editor. */
  readonly folder: string;
  readonly workspaceFolder: string;
  /** The extension's `globalStorageUri`. */
  readonly extensionStorage: string;
  /** Opens a window on the workspace, or on another folder. */
  openWindow(options?: { readonly folder?: string; readonly theme?: string }): Promise<EditorWindow>;
  /** Closes every window, ends VS Code, deletes its folder. */
  stop(): Promise<void>;
}

const chromiumFlags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const testSettings = {
  ...quietSettings,
  'files.autoSave': 'off',
  'workbench.colorTheme': 'Default Dark Modern',
  'window.autoDetectColorScheme': false,
  'git.openRepositoryInParentFolders': 'never',
  'editor.minimap.enabled': false,
  'editor.occurrencesHighlight': 'off',
  'workbench.tips.enabled': false,
  'remote.autoForwardPorts': false,
};

/** Starts VS Code with the packed extension installed, in folders of its own, and a browser for it. */
export async function startEditor(options: EditorOptions): Promise<Editor> {
  const folder = await mkdtemp(join(tmpdir(), 'ttt-discover-e2e-'));
  const home = join(folder, 'vscode');
  const workspaceFolder = join(folder, 'problems');
  await mkdir(workspaceFolder);
  for (const [name, source] of Object.entries(options.workspace)) {
    await cp(source, join(workspaceFolder, name), { recursive: true });
  }
  await installExtension({ home, vsix: inject('vsix') });
  for (const [index, source] of (options.extensions ?? []).entries()) {
    const packed = join(folder, `extension-${index}.vsix`);
    await createVSIX({
      cwd: source,
      packagePath: packed,
      dependencies: false,
      allowMissingRepository: true,
      skipLicense: true,
    });
    await installExtension({ home, vsix: packed });
  }
  const hostRoot = join(folder, 'host');
  const settings = { ...testSettings, 'tttDiscover.remote.root': hostRoot, ...options.settings };
  await writeUserSettings({ home, settings });
  await writeMachineSettings({ home, settings });
  const server = await startCodeServer({
    home,
    trustEverything: options.withWorkspaceTrust !== true,
    ...(options.env === undefined ? {} : { env: options.env }),
  });

  let browser: Browser | undefined;
  const windows: EditorWindow[] = [];
  return {
    folder,
    workspaceFolder,
    extensionStorage: join(home, 'data/User/globalStorage/ttt-discover.ttt-discover'),
    openWindow: async ({ folder: opened = workspaceFolder } = {}) => {
      browser ??= await launchBrowser();
      const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
      const window = new EditorWindow(page);
      windows.push(window);
      await page.goto(folderAddress(server.origin, opened));
      await window.untilReady();
      return window;
    },
    stop: async () => {
      await browser?.close();
      await server.stop();
      await endSessions(hostRoot);
      // What was just killed may still be writing its last.
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('No Chromium here: run `npm test`, which installs it.');
  return chromium.launch({ executablePath, args: chromiumFlags });
}

/** Writes files into a folder, by their paths in it. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}
