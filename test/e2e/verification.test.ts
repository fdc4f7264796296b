import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import * as z from 'zod';
import { dashboardOf } from './support/dashboardPage';
import { type Editor, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { story } from './support/story';

const slope = join(import.meta.dirname, 'fixtures/slope');
const measuredRecord = z.object({
  accepted: z.array(
    z.object({
      fidelity: z.string(),
      after: z.string(),
      measured: z.object({ value: z.number(), unit: z.string(), atMs: z.number(), sha256: z.string() }),
    }),
  ),
});
const diffTab = /slope\.py: yours ↔/;

describe('measuring my own text', () => {
  let editor: Editor;
  let window: EditorWindow;
  const chapter = story(() => window);

  const onDisk = (): Promise<string> => readFile(join(editor.workspaceFolder, 'slope/slope.py'), 'utf8');
  const press = (key: string): Promise<void> => window.page.keyboard.press(key);
  /** What the editor in front shows; blanks of the page are no-break spaces, and lines are in the order of their places. */
  const shownText = async (): Promise<string> => {
    const lines = window.page.locator('.editor-instance:visible .view-line');
    const found = await lines.evaluateAll((elements) =>
      elements
        .map((element) => ({ top: element.getBoundingClientRect().top, text: element.textContent }))
        .sort((one, other) => one.top - other.top)
        .map(({ text }) => text),
    );
    return found.join('\n').replaceAll('\u00a0', ' ');
  };

  beforeAll(async () => {
    editor = await startEditor({
      workspace: { slope },
      settings: { 'tttDiscover.session.seed': 1, 'editor.wordWrap': 'on' },
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
  });

  chapter('an unsaved text is scored from the title bar of its file, and nothing is saved', async () => {
    await window.openFile('slope.py');
    const before = await onDisk();
    await window.focusEditor();
    await press('Control+End');
    await window.page.keyboard.type('\nMORE = 4.0');
    await window.page.locator('.editor-actions a[aria-label^="Re-evaluate My File"]').click();
    // (90-3)² + (-70-3)² + (40-3)² + (70-3)² + (4-3)²
    await window.notification(/Your slope\.py: height = 18757 m, valid/).waitFor();
    expect(await onDisk()).toBe(before);
    await window.pressNotificationButton(/Your slope\.py/, 'Show Results');
    await window.tab(/Slope, your slope\.py/).waitFor();
    await expect.poll(shownText).toContain('The text was not saved when it was measured.');
    await window.picture('results-own-file');
  });

  chapter('the Test Explorer has the result under the problem', async () => {
    await window.runCommand('Testing: Focus on Test Explorer View');
    const row = window.page.locator('.test-explorer .monaco-list-row').filter({ hasText: 'Slope' });
    await expect.poll(() => row.first().innerText()).toContain('height = 18757 m');
    await window.picture('results-tests');
  });

  chapter('two texts are compared without a session: what is saved and what is typed', async () => {
    await window.clearNotifications();
    await window.tab(/^slope\.py$/).click();
    await window.runCommand('TTT-Discover: Compare A/B');
    await window.pick('saved slope.py');
    await window.pick('your slope.py');
    await window.notification(/A \(saved slope\.py\) is better than B \(your slope\.py\)/).waitFor();
    await window.tab(/Slope, saved slope\.py and your slope\.py/).waitFor();
    await expect.poll(shownText).toMatch(/\| height \| 18756 m \| 18757 m \| +\+1 m \| +exact \|/);
    await window.picture('results-comparison');
    await window.clearNotifications();
    await window.tab(/^slope\.py$/).click();
    await window.save();
  });

  chapter(
    'a part of a candidate is accepted, and evaluated right where I am told that it was not scored',
    async () => {
      await window.openFile('slope.discover');
      await window.codeLens('Start discovery').click();
      const dashboard = await dashboardOf(window);
      await expect.poll(() => dashboard.status()).toBe('Finished');
      await dashboard.press('open-best');
      await window.diff(diffTab);
      await window
        .codeLens(/^Reject$/)
        .first()
        .click();
      await window.focusEditor();
      await press('Control+Shift+Enter');
      await window.notification(/Accepted c\d+ in part/).waitFor();
      await window.pressNotificationButton(/Accepted c\d+ in part/, 'Re-evaluate');
      await window.notification(/Your slope\.py: height = \S+ m, valid/).waitFor();
      const record = join(editor.workspaceFolder, '.ttt-discover/accepted.json');
      const read = async (): Promise<z.infer<typeof measuredRecord>> =>
        measuredRecord.parse(JSON.parse(await readFile(record, 'utf8')));
      // What was measured is the text that was accepted.
      const fidelityAndUnit = async (): Promise<unknown> => {
        const [found] = (await read()).accepted;
        return found?.measured.sha256 === found?.after && [found?.fidelity, found?.measured.unit];
      };
      await expect.poll(fidelityAndUnit).toEqual(['partial', 'm']);
      await window.clearNotifications();
    },
  );

  chapter('the best candidate is verified with new seeds, with both values', async () => {
    await window.runCommand('TTT-Discover: Verify Candidate');
    await window
      .notification(/c\d+ is confirmed: height \S+ m is recorded, and \S+ m in 3 runs came again/)
      .waitFor();
    await window.pressNotificationButton(/is confirmed/, 'Show Results');
    await window.tab(/Slope, c\d+ verified/).waitFor();
    await expect.poll(shownText).toMatch(/\| run 3 \| +\d+ \| +\S+ m \|/);
    await window.clearNotifications();
  });

  chapter('a candidate of the session is compared with my file, on the host of the session', async () => {
    await window.tab(diffTab).click();
    await window.focusEditor();
    await window.runCommand('TTT-Discover: Compare A/B');
    await window.pick('your slope.py');
    await window.notification(/B \(c\d+\) is better than A \(your slope\.py\)/).waitFor();
    await expect.poll(shownText).toContain('The evaluator is that of session');
    await window.picture('results-candidate');
    await window.clearNotifications();
  });

  chapter('the results are there again after a reload, and can be saved', async () => {
    await window.reload();
    await window.tab(/Slope, your slope\.py and c\d+/).click();
    await expect.poll(shownText).toContain('both run in turns');
    await window.runCommand('TTT-Discover: Save Results As');
    // It looks into the problem's folder first, and proposes the title.
    await window.quickPickRow('..').waitFor();
    await window.page.locator('.quick-input-widget:visible .monaco-button').filter({ hasText: 'OK' }).click();
    const kept = async (): Promise<string[]> =>
      (await readdir(join(editor.workspaceFolder, 'slope'))).filter((name) => name.endsWith('.md'));
    await expect.poll(kept).toEqual([expect.stringMatching(/^Slope, your slope\.py and c\d+ [\d.]+\.md$/)]);
  });
});
