import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { dashboardOf, type DashboardPage } from './support/dashboardPage';
import { type Editor, repositoryFolder, startEditor, writeFiles } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { madeSessionId } from './support/endedSession';
import { hostMemory, proberFolder } from './support/prober';
import { writeRecordedSession } from './support/recordedSessions';
import { cachedJournal, hostJournal } from './support/sshHost';
import { story } from './support/story';

const valley = join(import.meta.dirname, 'fixtures/valley');
const recordedCount = 14;
const live = ['Dale', 'Glen'] as const;
const mostBytes = 200e6;

describe('sixteen sessions in two windows', () => {
  let editor: Editor;
  let window: EditorWindow;
  let second: EditorWindow | undefined;
  let other: string;
  let dashboard: DashboardPage;
  let inSecond: DashboardPage;
  const chapter = story(() => second ?? window);

  const hostSessions = (): string => join(editor.folder, 'host/sessions');
  /** Rows that are scrolled out of a list are not on the page, but they are counted there. */
  const sessionCount = async (of: EditorWindow): Promise<number> =>
    Number(await of.rows('Sessions').first().getAttribute('aria-setsize'));

  beforeAll(async () => {
    editor = await startEditor({
      workspace: {},
      extensions: [proberFolder],
      settings: { 'tttDiscover.session.concurrency': 1 },
    });
    const problem = await readFile(join(valley, 'valley.discover'), 'utf8');
    for (const name of live) {
      const folder = join(editor.workspaceFolder, name.toLowerCase());
      await cp(valley, folder, { recursive: true });
      await rm(join(folder, 'valley.discover'));
      await writeFile(
        join(folder, `${name.toLowerCase()}.discover`),
        problem.replace('title: Valley', `title: ${name}`),
      );
    }
    for (let number = 0; number < recordedCount; number++)
      await writeRecordedSession(editor, `Recorded ${number}`, {
        sessionId: madeSessionId(number),
        seed: number,
        steps: 4,
      });
    window = await editor.openWindow();
    other = join(editor.folder, 'other');
    await writeFiles(other, { 'notes.md': '# Notes\n' });
  });
  afterAll(async () => {
    await editor.stop();
  });

  chapter('two are at work beside fourteen that have ended, and each is in the list once', async () => {
    await window.showViews();
    for (const name of live) {
      await window.openFile(`${name.toLowerCase()}.discover`);
      await window.codeLens('Start discovery').click();
      await window.rows('Sessions').filter({ hasText: name }).first().waitFor();
    }
    await expect.poll(() => sessionCount(window)).toBe(recordedCount + live.length);
    for (const name of live) expect(await window.rows('Sessions').filter({ hasText: name }).count()).toBe(1);
  });

  chapter('another window has the same list, and follows the same session', async () => {
    second = await editor.openWindow({ folder: other });
    // Its folder has no problem: nothing of ours is loaded before it is asked for.
    await second.runCommand('Developer: Show Running Extensions');
    const running = second.page.locator('.runtime-extensions-editor .extension');
    await running.first().waitFor();
    expect(await running.filter({ hasText: 'TTT-Discover' }).count()).toBe(0);
    await second.page.keyboard.press('Escape');
    await running.first().waitFor({ state: 'detached' });
    await second.showViews();
    const [name] = live;
    await second.rows('Sessions').filter({ hasText: name }).click();
    inSecond = await dashboardOf(second);
    await expect.poll(() => sessionCount(second ?? window)).toBe(recordedCount + live.length);
    await window.page.bringToFront();
    await window.runCommand('View: Close All Editors');
    await window.rows('Sessions').filter({ hasText: name }).click();
    dashboard = await dashboardOf(window);
    const [here, there] = [await dashboard.steps(), await inSecond.steps()];
    await expect.poll(() => dashboard.steps()).toBeGreaterThan(here);
    await expect.poll(() => inSecond.steps()).toBeGreaterThan(there);
  });

  chapter('a session that has ended is read beside them, with its candidates and a review', async () => {
    const title = 'Recorded 3';
    await window.runCommand('TTT-Discover: Show Candidates of a Session…');
    // Typed, because the list shows only as many as there is room for.
    await window.quickInput().fill(title);
    await window.pick(title);
    await window.rows('Candidates').filter({ hasText: 'c0' }).first().waitFor();
    // The view takes the focus, which would close the palette.
    await window.view('Candidates').locator('.monaco-list:focus-within').waitFor();
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.quickInput().fill(title);
    await window.pick(title);
    await window.codeLens(/^Accept change 1 of/).waitFor();
  });

  chapter('no window holds more than it should, all extensions and the editor’s own included', async () => {
    const first = await hostMemory(window, editor.workspaceFolder);
    await second?.page.bringToFront();
    const held = { first, second: await hostMemory(second ?? window, other) };
    const results = join(repositoryFolder, 'test-results/e2e');
    await mkdir(results, { recursive: true });
    await writeFile(join(results, 'memory.json'), JSON.stringify(held));
    for (const { heapUsed, external } of Object.values(held))
      expect(heapUsed + external).toBeLessThan(mostBytes);
    expect(held.first.pid).not.toBe(held.second.pid);
  });

  chapter('a session that one window stops ends in both, and nothing of it is there twice', async () => {
    await second?.page.bringToFront();
    await inSecond.press('stop');
    await second?.pressDialogButton('Stop After This Step');
    await expect.poll(() => inSecond.status()).toBe('Finished');
    await window.page.bringToFront();
    await window.tab('Dale').first().click();
    dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.status()).toBe('Finished');
    const ids = await readdir(hostSessions());
    expect(ids).toHaveLength(live.length);
    for (const id of ids) {
      const onHost = await hostJournal(join(hostSessions(), id));
      if (!onHost.some(({ event }) => event.type === 'session.finished')) continue;
      const evaluated = onHost.filter(({ event }) => event.type === 'candidate.evaluated').length;
      const shown = async () => {
        const texts = [await dashboard.figure('evaluated'), await inSecond.figure('evaluated')];
        return texts.map((text) => Number(text.replaceAll(/\D/g, '')));
      };
      await expect.poll(shown).toEqual([evaluated, evaluated]);
      const here = async () => {
        const lines = await cachedJournal(editor.extensionStorage, id);
        return [...new Map(lines.map((line) => [line.seq, line])).values()].sort((a, b) => a.seq - b.seq);
      };
      await expect.poll(here).toEqual(onHost);
    }
    await window.picture('sixteen-sessions');
  });
});
