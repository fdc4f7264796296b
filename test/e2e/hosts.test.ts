import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { startLoginServer, type LoginServer } from '../support/loginServer';
import { filesWith } from '../support/filesWith';
import { type Editor, startEditor, writeFiles } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { story } from './support/story';

const secret = 'CANARY-8d1f pass "phrase" 4c';
const menu =
  'Duo two-factor login for ada\n\n 1. Duo Push to XXX-1234\n 2. Phone call\n\nPasscode or option (1-2): ';

describe('hosts in the editor', () => {
  let server: LoginServer;
  let editor: Editor;
  let window: EditorWindow;
  let included: string;
  /** Made by a program that a workspace would like to have run in the place of ssh. */
  let marker: string;
  let spyPath: string;
  const given: string[][] = [];
  const chapter = story(() => window);
  const row = (text: string | RegExp) => window.rows('Hosts').filter({ hasText: text });

  async function changeMachineSettings(changes: Readonly<Record<string, unknown>>): Promise<void> {
    const path = join(editor.folder, 'vscode/data/Machine/settings.json');
    const settings = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    await writeFile(path, JSON.stringify({ ...settings, ...changes }));
  }

  beforeAll(async () => {
    server = await startLoginServer((context) => {
      if (context.method !== 'keyboard-interactive') {
        context.reject(['keyboard-interactive']);
        return;
      }
      context.prompt([{ prompt: menu, echo: true }], '', '', (option) => {
        context.prompt([{ prompt: 'PIN: ', echo: false }], '', '', (pin) => {
          given.push(option, pin);
          context.accept();
        });
      });
    });
    included = join(server.folder, 'conf.d');
    await mkdir(included);
    const config = await readFile(server.sshConfigPath, 'utf8');
    await writeFile(server.sshConfigPath, `Include ${included}/*.conf\n${config}`);
    editor = await startEditor({
      workspace: { valley: join(import.meta.dirname, 'fixtures/valley') },
      settings: { 'tttDiscover.ssh.configFile': server.sshConfigPath },
    });
    marker = join(editor.folder, 'the-workspace-had-its-way');
    spyPath = join(editor.folder, 'ssh-of-the-workspace');
    await writeFile(spyPath, `#!/bin/sh\n: >'${marker}'\nexec ssh "$@"\n`);
    await chmod(spyPath, 0o700);
    await writeFiles(editor.workspaceFolder, {
      'bad-config': 'Host of-the-workspace\n',
      '.vscode/settings.json': JSON.stringify({
        'tttDiscover.ssh.path': spyPath,
        'tttDiscover.ssh.configFile': join(editor.workspaceFolder, 'bad-config'),
        'tttDiscover.defaultHost': 'of-the-workspace',
        'tttDiscover.remote.root': join(editor.workspaceFolder, 'root'),
        'tttDiscover.remote.nodeBinary': spyPath,
        'tttDiscover.remote.transport': 'system',
      }),
    });
    window = await editor.openWindow();
    await window.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  });
  afterAll(async () => {
    await editor.stop();
    await server.close();
  });

  chapter('are this one, which the extension runs on, and those of the SSH configuration', async () => {
    await window.showViews();
    await row(/^login/).waitFor();
    const here = row('This machine');
    await expect.poll(() => here.innerText()).toContain("not connected · selected · this window's host");
    await expect
      .poll(() => here.getAttribute('aria-label'))
      .toContain("Host this machine, not connected, selected, this window's host");
    await expect.poll(() => row(/^login/).getAttribute('aria-label')).toContain('Host login, not connected');
  });

  chapter('come and go with the files of the configuration, those included too', async () => {
    await writeFile(join(included, 'more.conf'), 'Host gpu-1 gpu-2\n  HostName 127.0.0.1\n');
    await row('gpu-2').waitFor();
    await row(/^login/).hover();
    await window.picture('hosts-dark');
    await rm(join(included, 'more.conf'));
    await row('gpu-2').waitFor({ state: 'detached' });
  });

  chapter('are said how to be added where there are none', async () => {
    const config = await readFile(server.sshConfigPath, 'utf8');
    await writeFile(server.sshConfigPath, 'Host *\n  User ada\n');
    await row('Add an SSH host…').waitFor();
    await rm(server.sshConfigPath);
    await row(/there is no/).waitFor();
    await row('Add an SSH host…').click();
    await window.page
      .locator('.view-line')
      .filter({ hasText: 'HostName gpu-1.example.com' })
      .first()
      .waitFor();
    await window.picture('hosts-none');
    expect(existsSync(server.sshConfigPath)).toBe(false);
    await window.runCommand('View: Revert and Close Editor');
    await writeFile(server.sshConfigPath, config);
    await row(/^login/).waitFor();
  });

  chapter('ask what their server asks, and cancelling ends it', async () => {
    await row(/^login/).click();
    await row(/^login/).hover();
    await row(/^login/)
      .getByRole('button', { name: 'Connect to Host' })
      .click();
    await window.dialog().getByText('2. Phone call').waitFor();
    await window.picture('hosts-question');
    await window.pressDialogButton('Answer');
    const box = window.page.locator('.quick-input-widget:visible');
    await box.getByText('Passcode or option (1-2):').waitFor();
    await box.getByRole('button', { name: 'Show the whole question again' }).click();
    await window.pressDialogButton('Answer');
    await window.page.keyboard.press('Escape');
    await expect.poll(() => row(/^login/).innerText()).toContain('not connected');
    expect([server.connections, server.logins]).toEqual([1, 0]);
  });

  chapter('get the answers, which stand in no file and no log', async () => {
    await row(/^login/).hover();
    await row(/^login/)
      .getByRole('button', { name: 'Connect to Host' })
      .click();
    await window.pressDialogButton('Answer');
    await window.quickInput().fill('2');
    await window.page.keyboard.press('Enter');
    await window.page.locator('.quick-input-widget:visible').getByText('PIN:').waitFor();
    await window.quickInput().fill(secret);
    await window.page.keyboard.press('Enter');
    // The server of this test lets in, and runs nothing.
    await expect.poll(() => row(/^login/).innerText()).toContain('error: ');
    expect(given).toEqual([['2'], [secret]]);
    await window.clearNotifications();
    await window.runCommand('TTT-Discover: Show Connection Log');
    await window.page.locator('.view-line').filter({ hasText: 'logged in as ada' }).first().waitFor();
    await window.picture('hosts-log');
    const logs = filesWith(join(editor.folder, 'vscode/data/logs'), 'keyboard-interactive (after');
    expect(logs).toHaveLength(1);
    expect(filesWith(editor.folder, secret)).toEqual([]);
    expect(filesWith(editor.folder, JSON.stringify(secret).slice(1, -1))).toEqual([]);
    await window.runCommand('View: Hide Panel');
  });

  chapter('have diagnostics to copy, with names or without', async () => {
    await window.runCommand('TTT-Discover: Copy Diagnostics…');
    await window.pick('login');
    await window.pick('As it is');
    await window.notification('are copied').waitFor();
    const whole = await window.page.evaluate('navigator.clipboard.readText()');
    expect(whole).toMatch(/- TTT-Discover: \d/);
    expect(whole).toMatch(/- editor: .*1\.\d+\.\d+/);
    expect(whole).toContain("- the extension runs: on the window's machine");
    expect(whole).toMatch(/- ssh program: ssh: OpenSSH/);
    expect(whole).toContain(`- ssh.configFile: ${JSON.stringify(server.sshConfigPath)}`);
    expect(whole).toMatch(/key exchange done, \S+, ssh-ed25519/);
    expect(whole).toContain(`ada@127.0.0.1:${server.port}`);
    expect(whole).not.toContain('CANARY');

    await window.pressNotificationButton('are copied', 'Open as Document');
    await window.page
      .locator('.view-line')
      .filter({ hasText: 'Diagnostics of TTT-Discover' })
      .first()
      .waitFor();
    await window.picture('hosts-diagnostics');
    await window.clearNotifications();
    await window.runCommand('TTT-Discover: Copy Diagnostics…');
    await window.pick('login');
    await window.pick('Replace the names');
    await window.notification('are copied').waitFor();
    const masked = await window.page.evaluate('navigator.clipboard.readText()');
    expect(masked).toContain('- host: host-1');
    expect(masked).toContain(`user-1@127.0.0.1:${server.port}`);
    expect(masked).not.toMatch(/\bada\b/);
    await window.clearNotifications();
    await window.runCommand('View: Revert and Close Editor');
  });

  chapter('open in a terminal with the same configuration', async () => {
    const before = server.connections;
    await row(/^login/).hover();
    await row(/^login/)
      .getByRole('button', { name: 'Open Terminal on Host' })
      .click();
    await expect.poll(() => server.connections).toBe(before + 1);
    await window.picture('hosts-terminal');
    await window.runCommand('Terminal: Kill All Terminals');
  });

  chapter('are forgotten after it was said what that means', async () => {
    await changeMachineSettings({ 'workbench.colorTheme': 'Default Light Modern' });
    await window.page.locator('.monaco-workbench.vs').waitFor();
    await row(/^login/).click({ button: 'right' });
    await window.page.locator('.context-view .action-item').filter({ hasText: 'Forget Host…' }).waitFor();
    await window.picture('hosts-light');
    await window.page.locator('.context-view .action-item').filter({ hasText: 'Forget Host…' }).click();
    await window.dialog().getByText('the trusted host key of').waitFor();
    await window.picture('hosts-forget');
    await window.pressDialogButton('Forget');
    await window.quickInput().fill(`[127.0.0.1]:${server.port}`);
    await window.page.keyboard.press('Enter');
    await window.notification('Forgot of login').waitFor();
    expect(await readFile(join(editor.extensionStorage, 'known_hosts'), 'utf8')).toBe('');
  });

  chapter('are nothing that a workspace decides', async () => {
    expect(await row('of-the-workspace').count()).toBe(0);
    expect(existsSync(marker)).toBe(false);
    // The same words count where they are the person's own: so they were understood, and not taken.
    await changeMachineSettings({ 'tttDiscover.ssh.path': spyPath });
    await expect
      .poll(
        async () => {
          await window.runCommand('TTT-Discover: Copy Diagnostics…');
          await window.pick('login');
          await window.pick('As it is');
          await window.notification('are copied').waitFor();
          await window.clearNotifications();
          return existsSync(marker);
        },
        { interval: 1000 },
      )
      .toBe(true);
  });
});
