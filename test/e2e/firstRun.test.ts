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

  it('leads through the first steps', async () => {
    await window.runCommand('View: Close All Editors');
    await window.runCommand('View: Hide Panel');
    await window.runCommand('TTT-Discover: Open Walkthrough');
    const steps = window.page.locator('.getting-started-step .step-title');
    await expect.poll(() => steps.count()).toBe(6);
    await window.picture('walkthrough');
  });
});

describe('a folder that is not trusted', () => {
  let editor: Editor;
  let window: EditorWindow;

  beforeAll(async () => {
    editor = await startEditor({
      workspace: {
        'erdos-min-overlap': join(repositoryFolder, 'problems/erdos-min-overlap'),
        mistakes: join(import.meta.dirname, 'fixtures/mistakes'),
      },
      withWorkspaceTrust: true,
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
  });

  it('is read and checked, and nothing of it is run', async () => {
    await window.statusBarItem('Restricted Mode').waitFor();
    await window.openFile('mistakes.discover');
    await expect.poll(() => window.page.locator('.squiggly-error').count()).toBeGreaterThan(0);
    await window.openFile('erdos-min-overlap.discover');
    await window.codeLens('Trust this folder to run it').waitFor();
    expect(await window.codeLens('Start discovery').count()).toBe(0);
    await window.openPalette('TTT-Discover: S');
    await window.quickPickRow('TTT-Discover: Show Log').waitFor();
    expect(await window.quickPickRow('TTT-Discover: Start Discovery').count()).toBe(0);
    await window.page.keyboard.press('Escape');
    await window.showViews();
    await window.view('Sessions').getByText('trusted workspace').waitFor();
    await window.picture('restricted');
  });
});
