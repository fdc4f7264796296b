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
});
