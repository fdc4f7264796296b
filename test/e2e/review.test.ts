import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { dashboardOf } from './support/dashboardPage';
import { type Editor, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { hostJournal } from './support/sshHost';
import { story } from './support/story';

const slope = join(import.meta.dirname, 'fixtures/slope');
const diffTab = /slope\.py: yours ↔/;
/** The lines of the program that are numbers, in order. */
const places = [1, 5, 9, 13];

describe('reviewing a candidate', () => {
  let editor: Editor;
  let window: EditorWindow;
  let seed: string[];
  let candidate: string[];
  const chapter = story(() => window);

  const path = (): string => join(editor.workspaceFolder, 'slope/slope.py');
  const onDisk = (): Promise<string> => readFile(path(), 'utf8');
  /** The initial program with some of the candidate's numbers. */
  const withNumbers = (...taken: readonly number[]): string[] =>
    seed.map((line, index) => (taken.includes(places.indexOf(index)) ? (candidate[index] ?? '') : line));
  const press = (key: string): Promise<void> => window.page.keyboard.press(key);
  const showFile = async (): Promise<void> => {
    await window.tab(/^slope\.py$/).click();
    await window.page.locator('.monaco-diff-editor:visible').waitFor({ state: 'detached' });
    await window.focusEditor();
  };
  const showDiff = async (): Promise<void> => {
    await window.tab(diffTab).click();
    await window.diff(diffTab);
  };

  beforeAll(async () => {
    editor = await startEditor({
      workspace: { slope },
      settings: {
        'tttDiscover.session.seed': 1,
        // Beside the dashboard there is little room, and a diff would be inline for that reason alone.
        'diffEditor.useInlineViewWhenSpaceIsLimited': false,
      },
    });
    window = await editor.openWindow();
    seed = (await onDisk()).split('\n');
  });
  afterAll(async () => {
    await editor.stop();
  });

  chapter('the best candidate opens inline, each of its changes with its own lens', async () => {
    await window.openFile('slope.discover');
    await window.codeLens('Start discovery').click();
    const dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.status()).toBe('Finished');
    await dashboard.press('open-best');
    const diff = await window.diff(diffTab);
    await expect.poll(() => diff.getAttribute('class')).not.toContain('side-by-side');
    candidate = (await bestText(editor)).split('\n');
    expect(places.filter((place) => seed[place] !== candidate[place])).toEqual(places);
    await window.codeLens(/^Accept change 1 of 4 \(\+1 −1\)$/).waitFor();
    await window.picture('review', { docs: true });
  });

  chapter('one change is accepted, and nothing is saved', async () => {
    await window.codeLens(/^Accept change 2 of 4/).click();
    await window.codeLens(/^Accept change 1 of 3/).waitFor();
    expect(await onDisk()).toBe(seed.join('\n'));
    await showFile();
    await window.save();
    expect(await onDisk()).toBe(withNumbers(1).join('\n'));
  });

  chapter('undo opens the change again, and redo closes it', async () => {
    await press('Control+Z');
    await showDiff();
    await window.codeLens(/^Accept change 1 of 4/).waitFor();
    await showFile();
    await press('Control+Y');
    await showDiff();
    await window.codeLens(/^Accept change 1 of 3/).waitFor();
  });

  chapter('a rejected change leaves the diff', async () => {
    await window
      .codeLens(/^Reject$/)
      .first()
      .click();
    await window.codeLens(/^Accept change 1 of 2/).waitFor();
    await expect.poll(() => window.page.locator('.monaco-diff-editor:visible .line-insert').count()).toBe(2);
  });

  chapter('what I type meanwhile stays mine, and is no change of the candidate', async () => {
    await showFile();
    await press('Control+Home');
    await window.page.keyboard.type('# mine\n');
    await showDiff();
    await window.codeLens(/^Accept change 1 of 2/).waitFor();
    await expect.poll(() => window.page.locator('.monaco-diff-editor:visible .line-insert').count()).toBe(2);
  });

  chapter('the rest is accepted from the keyboard, and I am told that it was not scored', async () => {
    await window.focusEditor();
    await press('Control+Shift+Enter');
    await window.notification(/Accepted c\d+ in part into .*not scored/).waitFor();
    await expect.poll(() => window.codeLens(/Accept|Reject/).count()).toBe(0);
    await window.picture('accepted-in-part');
    await window.clearNotifications();
  });

  chapter('the decision is taken back from within the diff, and made again', async () => {
    await window.focusEditor();
    await press('Control+Z');
    await window.codeLens(/^Accept change 1 of 2/).waitFor();
    await press('Control+Shift+Enter');
    await window.notification(/Accepted c\d+ in part/).waitFor();
    await showFile();
    await window.save();
    expect(await onDisk()).toBe(['# mine', ...withNumbers(1, 2, 3)].join('\n'));
    const record = join(editor.workspaceFolder, '.ttt-discover/accepted.json');
    await expect
      .poll(async (): Promise<unknown> => JSON.parse(await readFile(record, 'utf8')))
      .toMatchObject({
        version: 1,
        accepted: [{ file: 'slope/slope.py', fidelity: 'partial', undecided: 0 }],
      });
    await press('Control+End');
    await window.runCommand('Show or Focus Hover');
    await window.page
      .locator('.monaco-hover')
      .getByText(/^From c\d+ of Slope, .*not scored/)
      .waitFor();
    await press('Escape');
  });

  chapter('a file that is replaced on disk is reviewed as it is, with its own line ends', async () => {
    await window.clearNotifications();
    const mine = [...withNumbers().slice(0, -1), 'DEPTH = 33.0  # mine'];
    await writeFile(path(), mine.join('\r\n'));
    await showDiff();
    await window.codeLens(/^Accept change 1 of 3/).waitFor();
    await window.codeLens(/^Conflict: Open Merge Editor/).waitFor();
    await window.picture('review-conflict');
    await window.focusEditor();
    await press('Control+Shift+Enter');
    await window.notification(/Accepted c\d+ in part/).waitFor();
    await showFile();
    await window.save();
    expect(await onDisk()).toBe([...withNumbers(1, 2).slice(0, -1), mine.at(-1)].join('\r\n'));
  });

  chapter('a conflict opens the merge editor', async () => {
    await window.clearNotifications();
    await showDiff();
    await window.codeLens(/^Conflict: Open Merge Editor/).click();
    const merging = window.page.locator('.merge-editor');
    await merging.getByText('Accept Candidate c').first().waitFor();
    await window.picture('review-merge-editor');
    await window.runCommand('View: Close Editor');
    await showDiff();
  });

  chapter('my own comparisons stay side by side, without lenses', async () => {
    await showFile();
    await window.page.keyboard.type('# more\n');
    await window.runCommand('File: Compare Active File with Saved');
    const diff = window.page.locator('.monaco-diff-editor:visible');
    await diff.locator('.line-insert').first().waitFor();
    await expect.poll(() => diff.getAttribute('class')).toContain('side-by-side');
    expect(await window.codeLens(/Accept|Reject/).count()).toBe(0);
    await window.runCommand('View: Close Editor');
    await window.save();
  });

  chapter('the review is there again after a reload, in a light theme too', async () => {
    await showDiff();
    await window.reload();
    await window.diff(diffTab);
    await window.codeLens(/^Conflict: Open Merge Editor/).waitFor();
    await window.picture('review-dark');
    await window.runCommand('Preferences: Toggle between Light/Dark Themes');
    await window.page.locator('.monaco-workbench.vs').waitFor();
    await window.picture('review-light');
  });
});

async function bestText(editor: Editor): Promise<string> {
  const sessions = join(editor.folder, 'host/sessions');
  const [id] = await readdir(sessions);
  if (id === undefined) throw new Error('no session');
  const texts = new Map<number, string>();
  let best = -1;
  for (const { event } of await hostJournal(join(sessions, id))) {
    if ('sha256' in event && 'candidate' in event) texts.set(Number(event.candidate), String(event.sha256));
    if (event.type === 'session.finished' && 'best' in event) best = Number(event.best);
  }
  return readFile(join(sessions, id, 'candidates', texts.get(best) ?? 'none'), 'utf8');
}
