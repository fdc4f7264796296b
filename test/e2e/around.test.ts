import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { dashboardOf } from './support/dashboardPage';
import { type Editor, startEditor, writeFiles } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { hostJournal } from './support/sshHost';
import { story } from './support/story';

const fixtures = join(import.meta.dirname, 'fixtures');

describe('around a session', () => {
  let editor: Editor;
  let window: EditorWindow;
  const chapter = story(() => window);

  beforeAll(async () => {
    editor = await startEditor({
      workspace: { valley: join(fixtures, 'valley') },
      extensions: [join(fixtures, 'languageModel'), join(fixtures, 'asker')],
      settings: { 'chat.disableAIFeatures': false, 'tttDiscover.session.concurrency': 1 },
    });
    // A reference that the first steps beat, and the initial program does not.
    const problem = await readFile(join(editor.workspaceFolder, 'valley/valley.discover'), 'utf8');
    await writeFiles(editor.workspaceFolder, {
      'valley/valley.discover': problem.replace('the ridge, value: 20', 'the terrace, value: 7'),
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
  });

  const eventTypes = async (): Promise<string[]> => {
    const sessions = join(editor.folder, 'host/sessions');
    const [id] = await readdir(sessions);
    return (await hostJournal(join(sessions, id!))).map(({ event }) => event.type);
  };

  chapter('a verified best beyond a reference is told, once', async () => {
    await window.openFile('valley.discover');
    await window.runCommand('TTT-Discover: Start Discovery With…');
    await window.pick('Policy');
    await window.pick('Downhill');
    await window.quickPickRow('test-vendor/downhill of this editor, frozen').first().waitFor();
    await window.pick('Start');
    await window.dialog().waitFor();
    await window.pressDialogButton('Start');
    await dashboardOf(window);
    const news = window.notification(/"Valley": c\d+ reached .* beats the terrace \(7 m\)/);
    await news.waitFor({ timeout: 120_000 });
    await window.picture('news');
    await window.pressNotificationButton(/beats the terrace/, 'Open Diff');
    await window.diff(/valley\.py: yours ↔ c\d+/);
    await expect.poll(() => window.notification(/beats the terrace/).count()).toBe(0);
  });

  chapter('the status bar shows the session, in words for screen readers too', async () => {
    const item = window.statusBarItem(/best .* m · step \d+\/5000/);
    await item.waitFor();
    const label = () => item.locator('a').first().getAttribute('aria-label');
    await expect.poll(label).toMatch(/TTT-Discover session Valley: best .*, step/);
  });

  chapter('a note steers it, and can be taken back', async () => {
    await window.runCommand('TTT-Discover: Steer With a Note…');
    await window.quickInput().fill('Go east.');
    await window.page.keyboard.press('Enter');
    await expect.poll(eventTypes).toContain('note.added');
    await window.picture('noted');
    await window.runCommand('TTT-Discover: Remove Notes…');
    await window.dialog().waitFor();
    expect(await window.dialog().innerText()).toContain('Go east.');
    await window.pressDialogButton('Remove Notes');
    await expect.poll(eventTypes).toContain('notes.removed');
  });

  chapter('agents of the editor can ask for its state and for what a candidate changed', async () => {
    await window.runCommand('Asker: Ask the Tools');
    await window.notification('Asked').waitFor();
    const asked: unknown = JSON.parse(await readFile(join(editor.workspaceFolder, 'asked.json'), 'utf8'));
    expect(asked).toEqual({
      ours: expect.arrayContaining([
        'tttDiscover_status',
        'tttDiscover_best',
        'tttDiscover_explain',
        'tttDiscover_note',
      ]) as string[],
      status: expect.stringContaining('Session: Valley') as string,
      change: expect.stringMatching(/Candidate c\d+ was made from c\d+[^]*\+EAST = /) as string,
    });
  });

  chapter('nothing that was told is told again after a reload', async () => {
    await window.reload();
    await window.statusBarItem(/best .* m · step \d+\/5000/).waitFor();
    const before = (await eventTypes()).length;
    await expect.poll(async () => (await eventTypes()).length).toBeGreaterThan(before + 20);
    expect(await window.notification(/beats the terrace/).count()).toBe(0);
    await window.runCommand('TTT-Discover: Stop Session');
    await window.dialog().waitFor();
    await window.pressDialogButton('Stop Now');
    await expect.poll(eventTypes).toContain('session.finished');
  });
});
