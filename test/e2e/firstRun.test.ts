import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Editor, repositoryFolder, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';

describe('the first minutes', () => {
  let editor: Editor;
  let window: EditorWindow;

  beforeAll(async () => {
    editor = await startEditor({
      workspace: {
        'erdos-min-overlap': join(repositoryFolder, 'problems/erdos-min-overlap'),
        mistakes: join(import.meta.dirname, 'fixtures/mistakes'),
      },
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
  });

  it('shows what to do where there is nothing yet', async () => {
    await window.showViews();
    await window.view('Sessions').getByText('Open Sample Problems').waitFor();
    await expect
      .poll(() => window.rows('Hosts').allInnerTexts())
      .toContainEqual(expect.stringContaining('This machine'));
    await window.picture('first-run');
  });

  it('opens the sample problem without a complaint', async () => {
    await window.openFile('erdos-min-overlap.discover');
    await window.codeLens('Start discovery').waitFor();
    await window.picture('problem', { docs: true });
    await expect.poll(async () => (await window.problems()).count()).toBe(0);
  });

  it('shows the mistakes of a problem file at their places', async () => {
    await window.openFile('mistakes.discover');
    await window.codeLens('5 problems to mend first').waitFor();
    const rows = await window.problems();
    await expect.poll(() => rows.allInnerTexts()).toContainEqual(expect.stringContaining('colour'));
    await window.picture('mistakes');
  });
});
