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
    const toasts = () => window.page.locator('.notifications-toasts .notification-list-item').allInnerTexts();
    window.page.on('console', (m) => { if (m.type() === 'error') console.log('console', m.text()); });
    await window.showViews();
    await window.openFile('erdos-min-overlap.discover');
    await window.codeLens('Start discovery').click();
    await window.pick('This machine');
    await window.page.waitForTimeout(5000);
    await window.picture('u1');
    await expect.poll(() => window.statusBarItem(/best 0\..*step [3-9]/).count()).toBe(1);
    await window.picture('u2');
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.page.locator('.monaco-diff-editor').waitFor();
    await window.page.waitForTimeout(2000);
    await window.picture('u3');
    await window.reload();
    await expect.poll(() => window.statusBarItem(/best 0\..*step/).count()).toBe(1);
    await window.page.waitForTimeout(4000);
    await window.picture('u4');
    await window.runCommand('TTT-Discover: Pause Session');
    await expect.poll(() => window.rows('Sessions').allInnerTexts()).toContainEqual(expect.stringContaining('paus'));
    await window.picture('u5');
    await window.runCommand('TTT-Discover: Resume Session');
    await window.page.waitForTimeout(3000);
    await window.runCommand('TTT-Discover: Stop Session');
    await window.dialog().waitFor();
    await window.pressDialogButton('Stop Now');
    await expect.poll(() => window.rows('Sessions').allInnerTexts()).toContainEqual(expect.stringContaining('finished'));
    await window.runCommand('TTT-Discover: Show Log');
    await window.page.waitForTimeout(1500);
    await window.picture('u6');
  }, 400_000);
});
