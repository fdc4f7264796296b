import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recogniseFolder } from '../../../src/domain/foreign/recogniseFolder';
import { folderFiles } from './folderFiles';

const evaluation = join(import.meta.dirname, '../../evaluation');

describe('a folder', () => {
  it.each([
    ['openEvolve/fixtures/staircase', 'openevolve'],
    ['shinkaEvolve/fixtures/climb', 'shinka-evolve'],
    ['kernelBench/fixtures/level1', 'kernelbench'],
  ])('%s is of %s', (path, format) => {
    const folder = join(evaluation, path);
    const texts = readdirSync(folder).map(
      (name) => [name, readFileSync(join(folder, name), 'utf8')] as const,
    );
    const found = recogniseFolder(folderFiles(Object.fromEntries(texts)));
    expect(found).toMatchObject({ kind: 'folder', description: { format } });
  });

  it('of no tool is unknown', () => {
    expect(recogniseFolder(folderFiles({ 'main.py': 'print(1)', 'README.md': '# Main' }))).toEqual({
      kind: 'unknown',
    });
  });
});
