import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Editor, startEditor, writeFiles } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { story } from './support/story';

const problemText = `---
title: Slope
candidate: slope.py
metric: { name: height, goal: minimize, unit: m }
reward: 1 / height
limits: { time: 20 }
---

# Slope

Find the place where the ground is lowest.
`;

describe('writing a problem', () => {
  let editor: Editor;
  let window: EditorWindow;
  const chapter = story(() => window);

  beforeAll(async () => {
    editor = await startEditor({
      workspace: { slope: join(import.meta.dirname, 'fixtures/slope') },
      settings: { 'files.autoSave': 'afterDelay', 'files.autoSaveDelay': 200 },
    });
    await writeFiles(join(editor.workspaceFolder, 'slope'), { 'slope.discover': problemText });
    window = await editor.openWindow();
    await window.openFile('slope.discover');
  });
  afterAll(async () => {
    await editor.stop();
  });

  /** A lens, also one that is only read. */
  const lens = (label: string | RegExp) =>
    window.page.locator('.codelens-decoration').filter({ hasText: label }).first();

  const saved = (): Promise<string> => readFile(join(editor.workspaceFolder, 'slope/slope.discover'), 'utf8');

  /** Puts the cursor at a column of a line, both from 1. */
  async function goTo(line: number, column: number): Promise<void> {
    await window.page.keyboard.press('Control+G');
    await window.quickInput().fill(`:${line}:${column}`);
    await window.page.keyboard.press('Enter');
    await window.quickInput().waitFor({ state: 'hidden' });
  }

  async function mend(line: number, column: number, title: string): Promise<void> {
    await goTo(line, column);
    await window.page.keyboard.press('Control+.');
    const action = window.page.locator('.action-widget .monaco-list-row').filter({ hasText: title });
    await action.waitFor();
    await window.picture(`fix-${title.replaceAll(/[^a-z0-9]+/gi, '-')}`);
    await action.click();
  }

  chapter('mistakes have quick fixes: a missing key and a wrong unit', async () => {
    await window.codeLens('problems to mend first').waitFor();
    await mend(6, 18, 'Change to 20s');
    await expect.poll(saved).toContain('limits: { time: 20s }');
    await mend(1, 1, 'Add evaluate: python3 evaluate.py');
    await expect.poll(saved).toContain('candidate: slope.py\nevaluate: python3 evaluate.py\nmetric:');
    await window.codeLens('Start discovery').waitFor();
  });

  chapter('the reward is tried on the last evaluation, with a number', async () => {
    await window.codeLens('Evaluate the initial program to try this reward').click();
    await lens(/^reward = 1 \/ height → [\d.e-]+ with height = [\d.]+ of the initial program$/).waitFor();
    await window.clearNotifications();
    await window.picture('reward-tried');
  });

  chapter(
    'a metric that it does not have is told while I write, and completion offers the right one',
    async () => {
      await goTo(6, 13);
      await window.page.keyboard.press('Shift+End');
      await window.page.keyboard.type('heigth');
      await lens('has no metric heigth: did you mean height?').waitFor();
      await window.picture('reward-misspelt');
      await goTo(6, 13);
      await window.page.keyboard.press('Shift+End');
      await window.page.keyboard.type('hei');
      await window.page.keyboard.press('Control+Space');
      const offer = window.page.locator('.suggest-widget .monaco-list-row').filter({ hasText: 'height' });
      await offer.first().waitFor();
      await window.picture('reward-completion');
      await offer.first().click();
      await expect.poll(saved).toContain('reward: 1 / height\n');
      await lens(/^reward = 1 \/ height → /).waitFor();
    },
  );

  chapter('a renamed program is followed', async () => {
    await window.runCommand('File: Reveal Active File in Explorer View');
    const row = window.page
      .locator('.explorer-folders-view .monaco-list-row')
      .filter({ hasText: 'slope.py' });
    await row.click();
    await window.page.keyboard.press('F2');
    const box = window.page.locator('.explorer-folders-view .monaco-inputbox input');
    await box.fill('ground.py');
    await box.press('Enter');
    // The editor asks for the person's word itself.
    await window.page.locator('.monaco-dialog-box .monaco-button').filter({ hasText: 'OK' }).click();
    await expect.poll(saved).toContain('candidate: ground.py\n');
  });

  chapter('the prompt is shown to the letter, with an estimate of its tokens', async () => {
    await window.openFile('slope.discover');
    await window.codeLens('Preview prompt').click();
    await window.tab('Prompt of Slope.md').waitFor();
    await lens(/^about [\d,]+ tokens \(an estimate: [\d,]+ to [\d,]+\)/).waitFor();
    await window.page
      .locator('.view-line')
      .filter({ hasText: 'Find the place where the ground is lowest.' })
      .first()
      .waitFor();
    await window.picture('prompt-preview');
  });
});
