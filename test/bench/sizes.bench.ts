import { expect, inject, it } from 'vitest';
import { stat } from 'node:fs/promises';
import { zipEntries } from '../../scripts/lib/zipEntries.mjs';
import { report } from './figures';

const bundles = {
  'extension bundle': 'extension/dist/extension.cjs',
  'runner bundle': 'extension/dist/runner.cjs',
  'dashboard bundle': 'extension/dist/webview/dashboard.js',
};

it('bundle and package sizes', async () => {
  const vsix = inject('vsix');
  const files = new Map((await zipEntries(vsix)).map((entry) => [entry.name, entry.bytes]));
  for (const [name, path] of Object.entries(bundles)) {
    const bytes = files.get(path) ?? 0;
    expect(bytes, path).toBeGreaterThan(0);
    await report({ name, value: bytes / 1000, unit: 'kB' });
  }
  await report({ name: 'vsix', value: (await stat(vsix)).size / 1000, unit: 'kB' });
});
