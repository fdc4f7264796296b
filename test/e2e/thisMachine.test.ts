import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { dashboardOf, type DashboardPage } from './support/dashboardPage';
import { type Editor, repositoryFolder, startEditor, writeFiles } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { cachedJournal, hostJournal } from './support/sshHost';
import { story } from './support/story';

/** A picture for the documentation should show more than the first steps. */
const updatesDocs = process.env['UPDATE_DOCS'] === '1';

describe('on this machine, with nothing but the editor', () => {
  let editor: Editor;
  let window: EditorWindow;
  let second: EditorWindow | undefined;
  let dashboard: DashboardPage;
  const chapter = story(() => second ?? window);

  beforeAll(async () => {
    editor = await startEditor({
      workspace: {
        'erdos-min-overlap': join(repositoryFolder, 'problems/erdos-min-overlap'),
        valley: join(import.meta.dirname, 'fixtures/valley'),
      },
      settings: { 'tttDiscover.session.seed': 1 },
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
  });

  chapter('the initial program of the sample problem is evaluated', async () => {
    await window.openFile('erdos-min-overlap.discover');
    await window.codeLens('Evaluate initial program').click();
    await window.notification(/^c5 = 0\.\d+ \(valid/m).waitFor({ timeout: 150_000 });
    await window.picture('evaluated');
  });

  chapter('a session on the sample problem improves on it', async () => {
    await window.codeLens('Start discovery').click();
    dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.steps(), { timeout: 120_000 }).toBeGreaterThan(1);
    await expect.poll(() => dashboard.bestValue()).toBeLessThan(0.39);
    if (updatesDocs) await expect.poll(() => dashboard.steps(), { timeout: 150_000 }).toBeGreaterThan(7);
    await window.showViews();
    await window.picture('session', { docs: true });
    await dashboard.press('stop');
    await window.pressDialogButton('Stop Now');
    await expect.poll(() => dashboard.status()).toBe('Finished');
    await dashboard.press('open-best');
    await window.diff(/initial\.py: yours ↔ c\d+/);
    await window.picture('diff');
    await window.runCommand('View: Close All Editors');
  });

  chapter('two windows follow one session, and either can stop it', async () => {
    await window.openFile('valley.discover');
    await window.codeLens('Start discovery').click();
    dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.steps()).toBeGreaterThan(1);

    // A second folder, so that the second window has a state of its own.
    const other = join(editor.folder, 'other');
    await writeFiles(other, { 'notes.md': '# Notes\n' });
    second = await editor.openWindow({ folder: other });
    await second.showViews();
    await second.rows('Sessions').filter({ hasText: 'Valley' }).dblclick();
    const inSecond = await dashboardOf(second);
    const before = await inSecond.steps();
    await expect.poll(() => inSecond.steps()).toBeGreaterThan(before);
    await second.picture('second-window');
    await inSecond.press('stop');
    await second.pressDialogButton('Stop After This Step');
    await expect.poll(() => inSecond.status()).toBe('Finished');
    await expect.poll(() => dashboard.status()).toBe('Finished');
  });

  chapter('their copies of the journal hold every event', async () => {
    const sessions = join(editor.folder, 'host/sessions');
    for (const id of await readdir(sessions)) {
      const onHost = await hostJournal(join(sessions, id));
      const here = async () => {
        const lines = await cachedJournal(editor.extensionStorage, id);
        return [...new Map(lines.map((line) => [line.seq, line])).values()].sort((a, b) => a.seq - b.seq);
      };
      await expect.poll(here).toEqual(onHost);
    }
  });
});
