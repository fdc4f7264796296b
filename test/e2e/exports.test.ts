import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { emptySnapshot, reduce } from '../../src/domain/session/reduce';
import { recordedSession } from '../support/recordedSession';
import { type Editor, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { writeKnownSession } from './support/endedSession';
import { story } from './support/story';

const recorded = recordedSession({ steps: 6, groups: 4, groupSize: 16 });
const snapshot = reduce(emptySnapshot, recorded.entries);
const best = snapshot.best ?? -1;
const name = 'erdos-minimum-overlap-Q69G5FAV';

describe('what a session found, in files', () => {
  let editor: Editor;
  let window: EditorWindow;
  const chapter = story(() => window);

  const inFolder = (file: string): string => join(editor.workspaceFolder, 'erdos', file);
  /** Takes the place that the dialog offers. */
  const saveAs = async (file: string): Promise<string> => {
    await expect.poll(() => window.quickInput().inputValue()).toMatch(new RegExp(`/erdos/${file}$`));
    await window.page.keyboard.press('Enter');
    await window.notification(`Saved ${file}.`).waitFor();
    return readFile(inFolder(file), 'utf8');
  };

  beforeAll(async () => {
    editor = await startEditor({ workspace: {}, settings: { 'files.simpleDialog.enable': true } });
    await mkdir(inFolder(''));
    await writeFile(inFolder('initial.py'), recorded.programOf(0));
    await writeKnownSession(editor.extensionStorage, {
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
      title: 'Erdős minimum overlap',
      problemPath: inFolder('erdos.discover'),
      entries: recorded.entries,
      texts: [recorded.programOf(0), recorded.programOf(best)],
    });
    window = await editor.openWindow();
    await window.showViews();
    await window.rows('Sessions').getByText('Erdős minimum overlap').first().waitFor();
  });
  afterAll(async () => {
    await editor.stop();
  });

  chapter('candidates are saved as a table beside the problem', async () => {
    await window.runCommand('TTT-Discover: Export Session…');
    await window.quickPickRow('CSV').waitFor();
    await window.quickInput().fill('CSV');
    await window.page.keyboard.press('Enter');
    const csv = await saveAs(`${name}.csv`);
    expect(csv).toMatch(/^\uFEFFsession,problem,metric/);
    expect(csv.split('\r\n')).toHaveLength(snapshot.candidates.length + 2);
  });

  chapter('a report is saved, and opens from the message', async () => {
    await window.clearNotifications();
    await window.runCommand('TTT-Discover: Export Session…');
    await window.pick('Report');
    const html = await saveAs(`${name}.html`);
    expect(html).toMatch(/^<!DOCTYPE html>/);
    expect(html).toContain('Changes to the initial program');
  });

  chapter('the best program is saved with where it came from', async () => {
    await window.clearNotifications();
    await window.runCommand('TTT-Discover: Export Best Program…');
    await window.pick('With where it came from');
    const program = await saveAs(`initial-c${best}.py`);
    expect(program).toMatch(/^# Found by TTT-Discover: Erdős minimum overlap\n/);
    expect(program.endsWith(recorded.programOf(best))).toBe(true);
    expect(await readFile(inFolder('initial.py'), 'utf8')).toBe(recorded.programOf(0));
    await window.pressNotificationButton(/Saved initial-c/, 'Open');
    await window.tab(`initial-c${best}.py`).waitFor();
  });
});
