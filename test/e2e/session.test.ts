import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fingerprintOfFile } from '../support/sshd';
import { dashboardOf, type DashboardPage } from './support/dashboardPage';
import { type Editor, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { cachedJournal, hostJournal, type SshHost, startSshHost } from './support/sshHost';
import { story } from './support/story';

const valley = join(import.meta.dirname, 'fixtures/valley');

describe('a session on a host over SSH', () => {
  let host: SshHost;
  let editor: Editor;
  let window: EditorWindow;
  let dashboard: DashboardPage;
  const chapter = story(() => window);

  const file = (): string => join(editor.workspaceFolder, 'valley/valley.py');
  const sessionIds = (): Promise<string[]> => readdir(host.sessionsFolder);
  let initialText = '';
  let sessionId = '';

  beforeAll(async () => {
    host = await startSshHost();
    editor = await startEditor({
      workspace: { valley },
      settings: { ...host.settings, 'tttDiscover.session.concurrency': 1 },
    });
    window = await editor.openWindow();
    initialText = await readFile(file(), 'utf8');
  });
  afterAll(async () => {
    await editor.stop();
    await host.stop();
  });

  chapter('a problem opens without a complaint, with its actions above it', async () => {
    await window.openFile('valley.discover');
    await window.codeLens('Start discovery').waitFor();
    await window.codeLens('host: this machine').waitFor();
    expect(await (await window.problems()).count()).toBe(0);
    await window.runCommand('View: Hide Panel');
  });

  chapter('the host of the SSH configuration can be selected', async () => {
    await window.codeLens('host: this machine').click();
    await window.pick(host.alias);
    await window.codeLens(`host: ${host.alias}`).waitFor();
  });

  chapter(
    'starting asks about the unknown host key, with the fingerprint that ssh-keygen prints',
    async () => {
      await window.codeLens('Start discovery').click();
      await window.dialog().waitFor();
      const question = await window.dialog().innerText();
      expect(question).toContain(await fingerprintOfFile(`${host.sshd.hostKeyPath}.pub`));
      await expect
        .poll(() => host.link.open, { message: 'connections that stay open while a person thinks' })
        .toBe(0);
      await window.picture('host-key', { docs: true });
      await window.pressDialogButton('Trust and Connect');
    },
  );

  chapter('the dashboard opens and its points grow', async () => {
    dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.steps(), { timeout: 60_000 }).toBeGreaterThan(1);
    const before = await dashboard.steps();
    await expect.poll(() => dashboard.steps()).toBeGreaterThan(before);
    await expect.poll(() => dashboard.inkedShare('best')).toBeGreaterThan(0);
    await expect.poll(() => dashboard.inkedShare('distribution')).toBeGreaterThan(0);
    const ids = await sessionIds();
    expect(ids).toHaveLength(1);
    sessionId = ids[0]!;
    await window.showViews();
    await expect
      .poll(() => window.rows('Sessions').innerText())
      .toMatch(/Valley[\s\S]*best .* m · step \d+\/5000/);
    await window.picture('growing');
  });

  chapter('reloading the window in mid-session brings everything back, and it goes on', async () => {
    const before = await dashboard.steps();
    await window.reload();
    dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.steps()).toBeGreaterThan(before);
    await expect.poll(() => dashboard.connection()).toBe('');
    await window.picture('reloaded');
  });

  chapter('a cut connection is said to be lost, and comes back by itself', async () => {
    host.link.cutAfterBytes(0); // new connections break too, until the link is mended below
    host.link.reset();
    await expect.poll(() => dashboard.connection()).toMatch(/Connection lost/);
    await window.picture('lost', { docs: true });
    const before = await dashboard.steps();
    host.link.cutAfterBytes(undefined);
    await expect.poll(() => dashboard.connection(), { timeout: 90_000 }).toBe('');
    await expect.poll(() => dashboard.steps()).toBeGreaterThan(before);
  });

  chapter('the session can be paused and resumed', async () => {
    await dashboard.press('pause');
    await expect.poll(() => dashboard.status()).toBe('Paused');
    await window.picture('paused');
    await dashboard.press('resume');
    await expect.poll(() => dashboard.status()).toBe('Running');
  });

  chapter('stopping ends it, after one question', async () => {
    await dashboard.press('stop');
    await window.dialog().waitFor();
    await window.pressDialogButton('Stop After This Step');
    await expect.poll(() => dashboard.status()).toBe('Finished');
    await window.picture('stopped');
  });

  chapter('the editor has every event of the host once, in order', async () => {
    const onHost = await hostJournal(join(host.sessionsFolder, sessionId));
    expect(onHost.map((line) => line.seq)).toEqual(onHost.map((_, index) => index + 1));
    await expect.poll(() => cachedJournal(editor.extensionStorage, sessionId)).toEqual(onHost);
  });

  chapter('the best candidate opens as a diff against my file', async () => {
    await dashboard.press('open-best');
    const diff = await window.diff(/valley\.py: yours ↔ c\d+/);
    await expect.poll(() => diff.getAttribute('class')).not.toContain('side-by-side');
    await window.picture('proposed');
  });

  chapter('accepting writes exactly the candidate, and does not save', async () => {
    await window.runCommand('TTT-Discover: Accept Candidate');
    await window.notification(/Accepted c\d+/).waitFor();
    await window.picture('accepted');
    expect(await readFile(file(), 'utf8')).toBe(initialText);
    await window.pressNotificationButton(/Accepted c\d+/, 'Show File');
    await window.tab(/^valley\.py$/).waitFor();
    await window.save();
    const best = Number(/c(\d+)/.exec(await window.tab(/yours ↔/).innerText())?.[1]);
    expect(await readFile(file(), 'utf8')).toBe(await candidateText(host, sessionId, best));
  });

  chapter('one undo brings my text back', async () => {
    await window.focusEditor();
    await window.page.keyboard.press('Control+Z');
    await window.save();
    expect(await readFile(file(), 'utf8')).toBe(initialText);
  });

  chapter('a candidate is accepted around my own edits, which stay', async () => {
    await window.focusEditor();
    await window.page.keyboard.press('Control+End');
    await window.page.keyboard.type('# mine');
    await window.save();
    expect(await readFile(file(), 'utf8')).toBe(`${initialText}# mine`);
    await window.clearNotifications();
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.diff(/yours ↔/);
    await window.runCommand('TTT-Discover: Accept Candidate');
    await window.notification(/Accepted c\d+ .*your own edits kept.*not scored/).waitFor();
    await window.pressNotificationButton(/Accepted c\d+/, 'Show File');
    await window.save();
    const best = Number(/c(\d+)/.exec(await window.tab(/yours ↔/).innerText())?.[1]);
    const candidate = await candidateText(host, sessionId, best);
    expect(await readFile(file(), 'utf8')).toBe(`${candidate}# mine`);
  });
});

async function candidateText(host: SshHost, sessionId: string, candidate: number): Promise<string> {
  const folder = join(host.sessionsFolder, sessionId);
  for (const { event } of await hostJournal(folder)) {
    if (event.type === 'candidate.proposed' && 'candidate' in event && event.candidate === candidate) {
      if ('sha256' in event) return readFile(join(folder, 'candidates', String(event.sha256)), 'utf8');
    }
  }
  throw new Error(`no candidate ${candidate} in the journal`);
}
