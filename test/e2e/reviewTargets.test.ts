import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Editor, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { madeSessionId, writeEndedSession } from './support/endedSession';

/** Lines that two changes have between them, so that they stay two. */
const apart = ['# between', '# the', '# changes'];
const seed = ['a = 1', ...apart, 'b = 2', ...apart, 'c = 3', ''].join('\n');
const better = seed.replace('a = 1', 'a = 10').replace('b = 2', 'b = 20').replace('c = 3', 'c = 30');
const notebook = JSON.stringify(
  {
    cells: [
      { cell_type: 'markdown', metadata: {}, source: ['# Words'] },
      {
        cell_type: 'code',
        execution_count: null,
        metadata: {},
        outputs: [],
        source: seed.trimEnd().split(/(?<=\n)/),
      },
    ],
    metadata: { language_info: { name: 'python' } },
    nbformat: 4,
    nbformat_minor: 5,
  },
  null,
  1,
);

describe('reviewing against a document that is open', () => {
  let editor: Editor;
  let window: EditorWindow;
  const place = (file: string): string => join(editor.workspaceFolder, file);
  const press = (key: string): Promise<void> => window.page.keyboard.press(key);

  function step(name: string, run: () => Promise<void>): void {
    it(name, async () => {
      try {
        await run();
      } catch (error) {
        await window.picture(`failed-target-${name.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 40)}`);
        throw error;
      }
    });
  }

  beforeAll(async () => {
    editor = await startEditor({
      workspace: {},
      settings: { 'diffEditor.useInlineViewWhenSpaceIsLimited': false, 'files.hotExit': 'off' },
    });
    await writeFile(place('pasted.py'), seed);
    await writeFile(place('cells.ipynb'), notebook);
    for (const [index, [title, file]] of [
      ['Pasted', 'pasted.py'],
      ['Absent', 'absent.py'],
    ].entries()) {
      await writeEndedSession(editor.extensionStorage, {
        id: madeSessionId(index),
        title: title ?? '',
        problemPath: place(`${title?.toLowerCase()}.discover`),
        candidatePath: file ?? '',
        candidates: [
          { text: seed, value: 3 },
          { text: better, value: 2, parent: 0, note: 'Better numbers' },
        ],
      });
    }
    window = await editor.openWindow();
    await window.showViews();
    await window.rows('Sessions').filter({ hasText: 'Pasted' }).waitFor();
  });
  afterAll(async () => {
    await editor.stop();
  });

  step(
    'a pasted program that was never saved takes changes as one Undo, and nothing is written',
    async () => {
      await window.runCommand('File: New Untitled Text File');
      await window.tab(/Untitled-1/).waitFor();
      await window.focusEditor();
      await window.page.keyboard.insertText(seed);
      await window.runCommand('TTT-Discover: Review Against Another Open Document…');
      await window.pick('Pasted');
      await window.pick('Untitled-1');
      await window.diff(/pasted\.py: Untitled-1 ↔ c1/);
      await window.codeLens(/^Accept change 1 of 3/).waitFor();
      await window.clearNotifications();
      await window.focusEditor();
      await press('Control+Shift+Enter');
      await window.notification(/Accepted c1 into Untitled-1\. The file is what was scored/).waitFor();
      await window
        .tab(/^Untitled-1$|^(?!.*↔).*Untitled-1/)
        .first()
        .click();
      await window.page.locator('.monaco-diff-editor:visible').waitFor({ state: 'detached' });
      await window.page.locator('.view-line').filter({ hasText: 'a = 10' }).waitFor();
      await window.focusEditor();
      await press('Control+Z');
      await window.page
        .locator('.view-line')
        .filter({ hasText: /^a\s=\s1$/ })
        .waitFor();
      await window.page
        .locator('.view-line')
        .filter({ hasText: /^c\s=\s3$/ })
        .waitFor();
      await window.tab(/Untitled-1 ↔ c1/).click();
      await window.codeLens(/^Accept change 1 of 3/).waitFor();
      expect(await readFile(place('pasted.py'), 'utf8')).toBe(seed);
      expect(await readdir(editor.workspaceFolder)).not.toContain('.ttt-discover');
    },
  );

  step('the problem’s own file can be chosen again', async () => {
    await window.focusEditor();
    await window.runCommand('TTT-Discover: Review Against Another Open Document…');
    await window.pick('The problem’s own file');
    await window.diff(/pasted\.py: yours ↔ c1/);
    await window.codeLens(/^Accept change 1 of 3/).waitFor();
    await expect.poll(() => window.tab(/Untitled-1 ↔ c1/).count()).toBe(0);
  });

  step('a program that is not there is spoken of, and another document takes its place', async () => {
    await window.clearNotifications();
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.quickInput().fill('Absent');
    await window.pick('Absent');
    await window.diff(/absent\.py: initial ↔ c1/);
    await window.pressNotificationButton(
      /absent\.py is not there, so c1 stands beside the initial program/,
      'Choose Another Document…',
    );
    await window.pick('Untitled-1');
    await window.diff(/absent\.py: Untitled-1 ↔ c1/);
    await window.codeLens(/^Accept change 3 of 3/).click();
    await window.codeLens(/^Accept change 2 of 2/).waitFor();
    expect(await readdir(editor.workspaceFolder)).not.toContain('absent.py');
  });

  step('a cell of a notebook takes changes, and the other cells stay as they are', async () => {
    await press('Control+P');
    await window.quickInput().fill('cells.ipynb');
    await window.pick('cells.ipynb');
    await window.statusBarItem(/Cell \d of 2/).waitFor();
    await window.runCommand('TTT-Discover: Review Against Another Open Document…');
    await window.pick('Pasted');
    await window.pick('cells.ipynb, cell 2');
    await window.diff(/pasted\.py: cells\.ipynb, cell 2 ↔ c1/);
    await window.codeLens(/^Accept change 1 of 3/).waitFor();
    await window.clearNotifications();
    await window.focusEditor();
    await press('Control+Shift+Enter');
    await window.notification(/Accepted c1 into cells\.ipynb, cell 2/).waitFor();
    expect(await readFile(place('cells.ipynb'), 'utf8'), 'nothing is saved').toBe(notebook);
    await window.tab(/^cells\.ipynb/).click();
    await window.runCommand('File: Save');
    const cells = async (): Promise<unknown> =>
      (
        JSON.parse(await readFile(place('cells.ipynb'), 'utf8')) as { cells: { source: string[] }[] }
      ).cells.map(({ source }) => source.join('').trimEnd());
    await expect.poll(cells).toEqual(['# Words', better.trimEnd()]);
  });
});
