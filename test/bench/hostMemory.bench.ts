import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { dashboardOf } from '../e2e/support/dashboardPage';
import { startEditor, type Editor } from '../e2e/support/editor';
import type { EditorWindow } from '../e2e/support/editorWindow';
import { madeSessionId } from '../e2e/support/endedSession';
import { askProber, hostMemory, proberFolder } from '../e2e/support/prober';
import { writeRecordedSession } from '../e2e/support/recordedSessions';
import { report } from './figures';

const valley = join(import.meta.dirname, '../e2e/fixtures/valley');
const recordedCount = 14;
const live = ['Dale', 'Glen'] as const;
/** While so many steps of the sessions at work come in, the second measurement is taken. */
const stepsToFollow = 3;

let editor: Editor;
let window: EditorWindow;
let before: Awaited<ReturnType<typeof hostMemory>>;

const megabytes = (bytes: number): number => bytes / 1e6;

async function tell(name: string): Promise<void> {
  const now = await hostMemory(window, editor.workspaceFolder);
  for (const [what, read] of [
    ['resident', (memory: typeof now) => memory.rss],
    ['heap and buffers', (memory: typeof now) => memory.heapUsed + memory.external],
  ] as const) {
    await report({ name: `extension host, ${name}: ${what}`, value: megabytes(read(now)), unit: 'MB' });
    if (now !== before)
      await report({
        name: `extension host, ${name}: ${what}, more than without us`,
        value: megabytes(read(now) - read(before)),
        unit: 'MB',
      });
  }
}

/** Typed, because the list shows only as many as there is room for. */
async function choose(title: string): Promise<void> {
  await window.quickInput().fill(title);
  await window.pick(title);
}

/** Its candidates and the review of its best one; `isOnly`: there is no other session to choose from. */
async function readSession(title: string, isOnly: boolean): Promise<void> {
  await window.runCommand('TTT-Discover: Show Candidates of a Session…');
  if (!isOnly) await choose(title);
  await window.rows('Candidates').filter({ hasText: 'c0' }).first().waitFor();
  // The view takes the focus, which would close the palette.
  await window.view('Candidates').locator('.monaco-list:focus-within').waitFor();
  await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
  if (!isOnly) await choose(title);
  await window.codeLens(/^Accept change 1 of/).waitFor();
}

beforeAll(async () => {
  // Without a problem in the workspace: the extension is not activated before it is asked for.
  editor = await startEditor({
    workspace: {},
    extensions: [proberFolder],
    settings: { 'tttDiscover.session.concurrency': 1 },
  });
  await writeFile(join(editor.workspaceFolder, 'notes.md'), '# Notes\n');
  window = await editor.openWindow();
});
afterAll(async () => {
  await editor.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await window.picture('failed-memory');
});

it('nothing of ours', async () => {
  // The first question loads what asking needs.
  await askProber(window, editor.workspaceFolder, 'Measure Memory', {});
  before = await hostMemory(window, editor.workspaceFolder);
  await report({ name: 'extension host without us: resident', value: megabytes(before.rss), unit: 'MB' });
  const heap = megabytes(before.heapUsed + before.external);
  await report({ name: 'extension host without us: heap and buffers', value: heap, unit: 'MB' });
});

it('a session of 25,600 candidates', async () => {
  await window.showViews();
  await writeRecordedSession(editor, 'Paper', { sessionId: madeSessionId(90) });
  await window.runCommand('TTT-Discover: Refresh Sessions');
  await window.rows('Sessions').filter({ hasText: 'Paper' }).first().click();
  const dashboard = await dashboardOf(window);
  await expect.poll(() => dashboard.bestValue()).toBeLessThan(1);
  await readSession('Paper', true);
  await tell('25,600 candidates, dashboard, Candidates view and review open');
});

it('sixteen sessions', async () => {
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
  await window.runCommand('TTT-Discover: Refresh Sessions');
  await window.runCommand('View: Close All Editors');
  for (const name of live) {
    await window.openFile(`${name.toLowerCase()}.discover`);
    await window.codeLens('Start discovery').click();
    const dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.steps()).toBeGreaterThan(stepsToFollow);
  }
  await readSession('Recorded 3', false);
  // Rows that are scrolled out of the list are not on the page, but they are counted there.
  const rows = window.rows('Sessions').first();
  await expect.poll(() => rows.getAttribute('aria-setsize')).toBe(String(1 + recordedCount + live.length));
  await tell('and 14 more of 2,000 each, two more at work');
});
