import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, makeKey } from '../support/sshd';
import { type Editor, startEditor, writeFiles } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { type SshHost, startSshHost } from './support/sshHost';

const valley = join(import.meta.dirname, 'fixtures/valley');

describe('what cannot work says so, and starts nothing', () => {
  let host: SshHost;
  let editor: Editor;
  let window: EditorWindow;

  beforeAll(async () => {
    host = await startSshHost();
    await appendFile(
      host.sshd.sshConfigPath,
      [
        'Host wrong-key',
        '  HostName 127.0.0.1',
        `  Port ${host.link.port}`,
        `  IdentityFile ${await makeKey(join(host.sshd.folder, 'another_identity'))}`,
        '  IdentityAgent none',
        `  UserKnownHostsFile ${host.sshd.knownHostsPath}`,
        'Host nobody-listens',
        '  HostName 127.0.0.1',
        `  Port ${await freePort()}`,
        'Host misspelt',
        '  HostName no-such-host.invalid',
        '',
      ].join('\n'),
    );
    editor = await startEditor({ workspace: { valley }, settings: host.settings });
    window = await editor.openWindow();
    await window.openFile('valley.discover');
  });
  afterAll(async () => {
    await editor.stop();
    await host.stop();
  });

  async function startOn(alias: string): Promise<void> {
    await window.runCommand('TTT-Discover: Select Host…');
    await window.pick(alias);
    await window.codeLens(`host: ${alias}`).waitFor();
    await window.codeLens('Start discovery').click();
  }

  async function expectNothingOnHost(): Promise<void> {
    expect(await readdir(join(host.sessionsFolder, '..'))).toEqual([]);
  }

  it('a host key that I refuse, a key that the host refuses, hosts that are not there', async () => {
    await startOn(host.alias);
    await window.dialog().waitFor();
    await window.pressDialogButton('Cancel');
    await window.showViews();
    await expect
      .poll(() => window.rows('Hosts').filter({ hasText: host.alias }).innerText())
      .toContain('was not trusted');
    await expectNothingOnHost();

    await startOn('wrong-key');
    await window.dialog().waitFor();
    await window.pressDialogButton('Trust and Connect');
    await window.notification(/wrong-key.*(refused|login|key)/i).waitFor();
    await window.picture('wrong-key');
    await expectNothingOnHost();

    await window.clearNotifications();
    await startOn('nobody-listens');
    await window.notification('Nothing listens on that port').waitFor();
    await window.picture('unreachable');
    await window.clearNotifications();
    await startOn('misspelt');
    await window.notification('Check the spelling of "misspelt"').waitFor();
    await window.picture('misspelt');
  });

  it('an evaluator that fails', async () => {
    await writeFiles(join(editor.workspaceFolder, 'valley'), {
      'evaluate.py': 'raise SystemExit("broken on purpose")\n',
    });
    await window.runCommand('TTT-Discover: Select Host…');
    await window.pick('This machine');
    await window.clearNotifications();
    await window.codeLens('host: this machine').waitFor();
    await window.codeLens('Evaluate initial program').click();
    await window.notification(/valley\.py: .*\(crashed/).waitFor();
    await window.picture('evaluation-failed');
  });
});
