import { stat } from 'node:fs/promises';
import { describe, expect, inject, it } from 'vitest';
import { packageFaults } from '../../scripts/lib/vsix.mjs';
import { zipEntries } from '../../scripts/lib/zipEntries.mjs';

describe('the package that people install', () => {
  it('holds what the extension needs and nothing else', async () => {
    const names = (await zipEntries(inject('vsix')))
      .map(({ name }) => name)
      .filter((name) => name.startsWith('extension/'))
      .map((name) => name.slice('extension/'.length));
    expect(packageFaults(names)).toEqual([]);
    expect(names).toContain('problems/erdos-min-overlap/erdos-min-overlap.discover');
    expect(names).toContain('dist/webview/dashboard.css');
    expect(names.filter((name) => name.endsWith('.map'))).toEqual([]);
  });

  it('is small', async () => {
    expect((await stat(inject('vsix'))).size).toBeLessThan(2_000_000);
  });

  it('would be refused with a native binary, a source map, a test or without the runner', () => {
    const whole = [
      'package.json',
      'package.nls.json',
      'l10n/bundle.l10n.json',
      'dist/extension.cjs',
      'dist/runner.cjs',
      'dist/webview/dashboard.js',
    ];
    expect(packageFaults(whole)).toEqual([]);
    const strangers = [
      'dist/sshcrypto.node',
      'dist/extension.cjs.map',
      'test/a.test.js',
      'src/a.ts',
      '.npmrc',
    ];
    for (const stranger of strangers) {
      expect(packageFaults([...whole, stranger])).toEqual([`${stranger} must not be packed`]);
    }
    expect(packageFaults(whole.filter((name) => name !== 'dist/runner.cjs'))).toEqual([
      'dist/runner.cjs is missing',
    ]);
  });
});
