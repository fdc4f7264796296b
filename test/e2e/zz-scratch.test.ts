import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Editor, repositoryFolder, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';

describe('scratch', () => {
  let editor: Editor;
  let window: EditorWindow;
  beforeAll(async () => {
    editor = await startEditor({
      workspace: { 'erdos-min-overlap': join(repositoryFolder, 'problems/erdos-min-overlap') },
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
  });
  it('shows', async () => {
    await window.showViews();
    await window.view('Sessions').getByText('Open Sample Problems').waitFor();
    await window.picture('x1');
    await window.openFile('erdos-min-overlap.discover');
    await window.codeLens('Start discovery').waitFor();
    await window.codeLens('Start discovery').click();
    await window.quickPickRow('This machine').waitFor();
    await window.picture('x2');
    await window.pick('This machine');
    await expect
      .poll(() => window.page.locator('.notifications-toasts .notification-list-item').allInnerTexts())
      .toContainEqual(expect.stringContaining('Show Log'));
    await window.picture('x3');
    await window.runCommand('TTT-Discover: Show Log');
    await window.page.waitForTimeout(1500);
    await window.picture('x4');
    await window.runCommand('TTT-Discover: Open Walkthrough');
    await window.page.waitForTimeout(3000);
    await window.picture('x5');
    await window.runCommand('Developer: Show Running Extensions');
    await window.page.waitForTimeout(2000);
    await window.picture('x6');
  });
});
