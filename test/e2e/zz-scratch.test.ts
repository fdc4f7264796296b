import { readFile, writeFile } from 'node:fs/promises';
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
    await window.showViews();
    await window.openFile('erdos-min-overlap.discover');
    await window.codeLens('Start discovery').click();
    await window.pick('This machine');
    await expect.poll(() => window.rows('Sessions').allInnerTexts()).toContainEqual(expect.stringContaining('best 0.'));
    await window.picture('s1');
    await expect.poll(() => window.statusBarItem(/best 0\./).count()).toBe(1);
    await window.picture('s2');
    await window.runCommand('TTT-Discover: Open Diff of the Best Candidate');
    await window.page.locator('.monaco-diff-editor').waitFor();
    await window.page.waitForTimeout(3000);
    await window.picture('s3');
    console.log(await window.page.locator('.editor-actions .action-label').evaluateAll((els) => els.map((e) => e.getAttribute('aria-label'))));
    await window.page.locator('.editor-actions .action-label[aria-label^="Accept Candidate"]').first().click();
    await expect.poll(toasts).toContainEqual(expect.stringContaining('Accepted c'));
    await window.picture('s4');
    await window.reload();
    await expect.poll(() => window.statusBarItem(/best 0\./).count()).toBe(1);
    await window.page.waitForTimeout(3000);
    await window.picture('s5');
    await window.runCommand('TTT-Discover: Open Diff of a Candidate');
    await window.page.waitForTimeout(1000);
    await window.picture('s6');
    await window.page.keyboard.press('Escape');
    await window.runCommand('TTT-Discover: Stop Session');
    await window.dialog().waitFor();
    await window.picture('s7');
    await window.pressDialogButton('Stop Now');
    await expect.poll(() => window.rows('Sessions').allInnerTexts()).toContainEqual(expect.stringContaining('finished'));
    await window.runCommand('TTT-Discover: Show Log');
    await window.page.waitForTimeout(1500);
    await window.picture('s8');
  }, 400_000);
});
