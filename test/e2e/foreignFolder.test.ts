import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Editor, startEditor } from './support/editor';
import type { EditorWindow } from './support/editorWindow';
import { dashboardOf } from './support/dashboardPage';
import { story } from './support/story';

describe('a folder that was made for another tool', () => {
  let editor: Editor;
  let window: EditorWindow;
  const chapter = story(() => window);

  beforeAll(async () => {
    editor = await startEditor({
      workspace: { evolve: join(import.meta.dirname, 'fixtures/evolve') },
      settings: { 'tttDiscover.session.seed': 1 },
    });
    window = await editor.openWindow();
  });
  afterAll(async () => {
    await editor.stop();
  });

  chapter('is one of the beginnings of a new problem, beside a small program and the samples', async () => {
    await window.runCommand('TTT-Discover: New Problem…');
    await window.quickPickRow('A folder that I have for another tool').waitFor();
    await window.quickPickRow('A small Python program').waitFor();
    await expect.poll(() => window.quickPickRow('is better').count()).toBeGreaterThan(3);
    await window.picture('new-problem');
    await window.page.keyboard.press('Escape');
  });

  chapter('is opened as a problem beside it, from a file in it', async () => {
    await window.openFile('evaluator.py');
    await window.runCommand('TTT-Discover: Open Folder as Problem…');
    await window.tab('evolve.discover').waitFor();
    await window.picture('proposed-problem');
    expect((await readdir(editor.workspaceFolder)).sort()).toEqual(['evolve']);
    await window.save();
    expect((await readdir(editor.workspaceFolder)).sort()).toEqual(['evolve', 'evolve.discover']);
    const text = await readFile(join(editor.workspaceFolder, 'evolve.discover'), 'utf8');
    expect(text).toContain('evaluator: { format: openevolve, folder: evolve }');
    expect(text).toContain('candidate: evolve/initial_program.py');
  });

  chapter('is evaluated as it is, and the result is in the Test Explorer', async () => {
    await window.codeLens('Evaluate initial program').click();
    await window.notification(/= 0\.2 \(valid/m).waitFor({ timeout: 150_000 });
    await window.runCommand('Testing: Focus on Test Explorer View');
    const row = window.page.locator('.test-explorer .monaco-list-row').first();
    await row.waitFor();
    await expect.poll(() => row.getAttribute('aria-label')).toMatch(/passed/i);
    await window.picture('test-explorer');
  });

  chapter('runs a session, whose best is compared with the file in the folder', async () => {
    await window.codeLens('Start discovery').click();
    const dashboard = await dashboardOf(window);
    await expect.poll(() => dashboard.steps(), { timeout: 120_000 }).toBeGreaterThan(1);
    await expect.poll(() => dashboard.bestValue()).toBeGreaterThan(0.3);
    await dashboard.press('stop');
    await window.pressDialogButton('Stop Now');
    await expect.poll(() => dashboard.status()).toBe('Finished');
    await dashboard.press('open-best');
    await window.diff(/initial_program\.py: yours ↔ c\d+/);
    await window.picture('foreign-diff');
    expect((await readdir(join(editor.workspaceFolder, 'evolve'))).sort()).toEqual([
      'evaluator.py',
      'initial_program.py',
    ]);
  });
});
