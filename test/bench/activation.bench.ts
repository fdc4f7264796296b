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
    await report({
      name: 'activation (as VS Code reports it, median of 5)',
      value: median(timesMs),
      unit: 'ms',
    });
  } finally {
    await editor.stop();
  }
});
