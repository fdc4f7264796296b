import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { repositoryFolder, startEditor } from '../e2e/support/editor';
import { median, report } from './figures';

const rounds = 5;

/** What VS Code itself measured: loading the bundle and `activate()`, in code-server's extension host (Node 24). */
it('activation time', async () => {
  const editor = await startEditor({ workspace: { problems: join(repositoryFolder, 'problems') } });
  try {
    const timesMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const window = await editor.openWindow();
      await window.openFile('erdos-min-overlap.discover');
      await window.codeLens('Start discovery').waitFor();
      await window.runCommand('Developer: Show Running Extensions');
      const row = window.page
        .locator('.runtime-extensions-editor .extension')
        .filter({ hasText: 'TTT-Discover' });
      await expect.poll(() => row.innerText()).toMatch(/Activation: \d+ms/);
      timesMs.push(Number(/Activation: (\d+)ms/.exec(await row.innerText())?.[1]));
      await window.close();
    }
    // A folder without a problem: nothing is loaded, so there is nothing to measure.
    const elsewhere = join(editor.folder, 'elsewhere');
    await mkdir(elsewhere);
    await writeFile(join(elsewhere, 'notes.md'), '# Notes\n');
    const window = await editor.openWindow({ folder: elsewhere });
    await window.runCommand('Developer: Show Running Extensions');
    const running = window.page.locator('.runtime-extensions-editor .extension');
    await running.first().waitFor();
    expect(await running.filter({ hasText: 'TTT-Discover' }).count()).toBe(0);
    await report({ name: 'activation without a problem: extensions of ours that run', value: 0, unit: '' });
    await report({
      name: 'activation with a problem open (as VS Code reports it, median of 5)',
      value: median(timesMs),
      unit: 'ms',
    });
  } finally {
    await editor.stop();
  }
});
