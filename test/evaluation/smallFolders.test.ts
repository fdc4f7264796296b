import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copySmallFolder, removeSmallFolder } from '../../src/evaluation/smallFolders';

let root = '';
let from = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'small-folders-'));
  from = join(root, 'from');
  mkdirSync(join(from, 'inner'), { recursive: true });
  writeFileSync(join(from, 'inner', 'program.sh'), 'text');
  chmodSync(join(from, 'inner', 'program.sh'), 0o755);
  chmodSync(join(from, 'inner'), 0o750);
  symlinkSync('/nowhere/at/all', join(from, 'link'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function fill(count: number): void {
  for (let index = 0; index < count; index += 1) writeFileSync(join(from, String(index)), '');
}

describe('a small folder', () => {
  it('is copied with its modes and its links as they are', () => {
    const to = join(root, 'to');
    expect(copySmallFolder(from, to)).toBe(true);
    expect(readFileSync(join(to, 'inner/program.sh'), 'utf8')).toBe('text');
    expect(lstatSync(join(to, 'inner/program.sh')).mode & 0o777).toBe(0o755);
    expect(lstatSync(join(to, 'inner')).mode & 0o777).toBe(0o750);
    expect(readlinkSync(join(to, 'link'))).toBe('/nowhere/at/all');
  });

  it('is removed, and what its links lead to is not', async () => {
    const elsewhere = join(root, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'kept'), '');
    symlinkSync(elsewhere, join(from, 'inner', 'out'));
    expect(await removeSmallFolder(from)).toBe(true);
    expect([existsSync(from), existsSync(join(elsewhere, 'kept'))]).toEqual([false, true]);
  });
});

describe('left to who does it thoroughly is', () => {
  it('a folder of many files', async () => {
    fill(200);
    expect(copySmallFolder(from, join(root, 'to'))).toBe(false);
    expect(await removeSmallFolder(from)).toBe(false);
  });

  it('a folder in whose place a link was put, and nothing behind it is touched', async () => {
    symlinkSync(from, join(root, 'in-its-place'));
    expect(await removeSmallFolder(join(root, 'in-its-place'))).toBe(false);
    expect(existsSync(join(from, 'inner/program.sh'))).toBe(true);
  });

  it('a folder that is not there', async () => {
    expect(copySmallFolder(join(root, 'absent'), join(root, 'to'))).toBe(false);
    expect(await removeSmallFolder(join(root, 'absent'))).toBe(false);
  });
});
