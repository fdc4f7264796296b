import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { ChatStub, refuse, say } from '../policy/openai/chatStub';
import { filesWith } from '../support/filesWith';
import { dashboardOf, type DashboardPage } from './support/dashboardPage';
import { type Editor, startEditor, writeFiles } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { type SshHost, startSshHost } from './support/sshHost';
import { story } from './support/story';

const key = 'sk-CANARY-forward-55d1';
const program = '```python\nEAST = 3.0\nNORTH = -1.0\nSTEP = 2\n```\n';

describe('ports between this machine and a host whose sshd forbids forwarding', () => {
  let host: SshHost;
  let model: ChatStub;
  let page: Server;
  let editor: Editor;
  let window: EditorWindow;
  let dashboard: DashboardPage;
  const chapter = story(() => window);
  const row = (text: string | RegExp) => window.rows('Hosts').filter({ hasText: text });

  beforeAll(async () => {
    host = await startSshHost({ config: ['AllowTcpForwarding no', 'PermitOpen none'] });
    model = await ChatStub.start(({ headers }) =>
      headers.authorization === `Bearer ${key}` ? say(program) : refuse(401, { message: 'Who is that?' }),
    );
    page = createServer((request, response) => {
      response.end(`page ${request.url ?? ''}`);
    });
    page.listen(0, '127.0.0.1');
    await once(page, 'listening');
    editor = await startEditor({
      workspace: { valley: join(import.meta.dirname, 'fixtures/valley') },
      settings: {
        ...host.settings,
        'tttDiscover.session.concurrency': 1,
        'tttDiscover.defaultHost': host.alias,
      },
    });
    await writeFiles(join(editor.workspaceFolder, 'valley'), {
      'office.discover': `---
title: Office
candidate: valley.py
evaluate: python3 evaluate.py
metric: { name: height, goal: minimize, unit: m }
limits: { time: 20s }
session: { policy: openai, method: puct, steps: 5000, groups: 1, groupSize: 4 }
policy: { server: "${model.baseUrl}", reachedFrom: editor, model: stub-model }
---
# Valley
Find the place where the ground is lowest.
`,
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
    await model.stop();
    await host.stop();
    await new Promise((resolve) => page.close(resolve));
  });

  chapter('a session there asks the server that this machine reaches, and waits for its key', async () => {
    await window.openFile('office.discover');
    await window.codeLens('Start discovery').click();
    await window.pressDialogButton('Trust and Connect');
    dashboard = await dashboardOf(window);
    await window.notification('waits for the key').waitFor({ timeout: 60_000 });
    await window.pressNotificationButton('waits for the key', 'Set Key…');
    await window.quickInput().fill(key);
    await window.page.keyboard.press('Enter');
    await expect.poll(() => dashboard.steps(), { timeout: 60_000 }).toBeGreaterThan(1);
  });

  chapter(
    'it goes on over a lost connection and a window that was loaded again, and the key stays here',
    async () => {
      const before = await dashboard.steps();
      host.link.reset();
      await expect.poll(() => dashboard.steps(), { timeout: 90_000 }).toBeGreaterThan(before + 2);
      await window.reload();
      dashboard = await dashboardOf(window);
      const again = await dashboard.steps();
      await expect.poll(() => dashboard.steps(), { timeout: 90_000 }).toBeGreaterThan(again + 2);
      expect(filesWith(host.sshd.home, key)).toEqual([]);
      await dashboard.press('stop');
      await window.pressDialogButton('Stop Now');
      await expect.poll(() => dashboard.status()).toBe('Finished');
    },
  );

  chapter('a port of the host is reached from here, and stands below it until it is stopped', async () => {
    const { port } = page.address() as AddressInfo;
    await window.showViews();
    await row(host.alias).first().click();
    await window.runCommand('TTT-Discover: Forward a Port of the Host…');
    await window.pick(host.alias);
    await window.page.getByText(`Forward which port of ${host.alias}?`).waitFor();
    await window.quickInput().fill(String(port));
    await window.quickPickRow(`Port ${port}`).first().waitFor();
    await window.picture('forward-choose');
    await window.page.keyboard.press('Enter');
    await window.notification(`leads to port ${port} on ${host.alias}`).waitFor();
    await row(`port ${port}`).waitFor();
    await window.picture('forward-row');
    const localPort = /localhost:(\d+)/.exec(await row(`port ${port}`).innerText())?.[1] ?? '';
    expect(await (await fetch(`http://127.0.0.1:${localPort}/hello`)).text()).toBe('page /hello');
    await row(`port ${port}`).hover();
    await row(`port ${port}`).getByRole('button', { name: 'Stop Forwarding Port' }).click();
    await row(`port ${port}`).waitFor({ state: 'detached' });
    const answer = (): Promise<string> =>
      fetch(`http://127.0.0.1:${localPort}/hello`).then(
        () => 'answered',
        () => 'nobody there',
      );
    await expect.poll(answer).toBe('nobody there');
  });
});
