import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { leftOutOfFolder } from '../../../src/domain/problem/leftOut';
import { collectFiles, folderLimits } from '../../../src/extension/start/collectFiles';
import { sessionSpec } from '../../../src/protocol/sessionSpec';
import { checkProblem, overridesOf, prepareSession } from '../../../src/extension/start/problemFolder';
import { problemTemplate } from '../../../src/extension/start/problemTemplate';
import { Refusal } from '../../../src/extension/base/failures';

const signal = new AbortController().signal;
const noTexts: ReadonlyMap<string, string> = new Map();
const settings = { sshPath: 'ssh', remoteRoot: '~/.ttt-discover' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'problem-folder-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function put(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

function textOf(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString('utf8');
}

describe('the files of a problem', () => {
  it('go to the host sorted, with their folders, bytes and modes', async () => {
    await put({ 'b.py': 'b', 'data/ä.txt': 'ä', 'a.sh': '#!/bin/sh\n' });
    await chmod(join(folder, 'a.sh'), 0o755);
    const { files, totalBytes } = await collectFiles(folder, { openTexts: noTexts, signal });
    expect(files.map((file) => [file.path, file.executable, textOf(file.base64)])).toEqual([
      ['a.sh', true, '#!/bin/sh\n'],
      ['b.py', false, 'b'],
      ['data/ä.txt', false, 'ä'],
    ]);
    expect(totalBytes).toBe(13);
  });

  it('leave caches, repositories, environments and hidden files here', async () => {
    await put({
      'initial.py': '',
      '.env': 'SECRET=1',
      '.git/config': '',
      '.venv/bin/python': '',
      'venv/pyvenv.cfg': '',
      'target/curve.json': '[]',
      'lib/__pycache__/a.pyc': '',
      'node_modules/a/index.js': '',
    });
    const { files } = await collectFiles(folder, { openTexts: noTexts, signal });
    expect(files.map((file) => file.path)).toEqual(['initial.py', 'target/curve.json']);
  });

  it('of a folder of another tool leave what cargo builds here, too', async () => {
    await put({ 'tools/Cargo.toml': '', 'tools/target/release/gen': '' });
    const { files } = await collectFiles(folder, {
      openTexts: noTexts,
      signal,
      leftOut: leftOutOfFolder('gpu-mode'),
    });
    expect(files.map((file) => file.path)).toEqual(['tools/Cargo.toml']);
  });

  it('of a contest leave the results of earlier runs here', async () => {
    await put({
      'main.cpp': '',
      main: '\x7fELF…',
      'a.out': '',
      'tools/Cargo.toml': '',
      'tools/seeds.txt': '0',
      'tools/src/bin/gen.rs': '',
      'tools/in/0000.txt': '1 2',
      'tools/out/0000.txt': '3',
      'tools/err/0000.txt': '',
      'tools/vis.html': '<svg>',
      'tools/target/release/gen': '',
      'pahcer/json/result_20260102_030405.json': '{}',
      'pahcer_config.toml': '',
      'out/0000.txt': '',
    });
    const { files } = await collectFiles(folder, {
      openTexts: noTexts,
      signal,
      leftOut: leftOutOfFolder('atcoder'),
    });
    expect(files.map((file) => file.path)).toEqual([
      'main.cpp',
      'pahcer_config.toml',
      'tools/Cargo.toml',
      'tools/seeds.txt',
      'tools/src/bin/gen.rs',
    ]);
  });

  it('have the text that the editor shows, also if it is not saved', async () => {
    await put({ 'initial.py': 'old', 'evaluate.py': 'same' });
    const openTexts = new Map([[join(folder, 'initial.py'), 'new ä']]);
    const { files, unsaved } = await collectFiles(folder, { openTexts, signal });
    expect(textOf(files.find((file) => file.path === 'initial.py')?.base64)).toBe('new ä');
    expect(unsaved).toEqual(['initial.py']);
  });

  it('follow links to files, and name links that lead elsewhere', async () => {
    await put({ 'data/points.txt': '1 2' });
    await symlink(join(folder, 'data/points.txt'), join(folder, 'points.txt'));
    await symlink(join(folder, 'data'), join(folder, 'again'));
    await symlink(join(folder, 'nowhere'), join(folder, 'broken'));
    const { files, skipped } = await collectFiles(folder, { openTexts: noTexts, signal });
    expect(files.map((file) => file.path)).toEqual(['data/points.txt', 'points.txt']);
    expect(skipped).toEqual(['again', 'broken']);
  });

  it('are refused above the limits, with the largest named', async () => {
    await put({ 'a.txt': 'x', 'big.bin': 'x'.repeat(3000), 'c.txt': 'x' });
    const tooMuch = collectFiles(folder, {
      openTexts: noTexts,
      signal,
      limits: { ...folderLimits, bytes: 2048 },
    });
    await expect(tooMuch).rejects.toThrow(/larger than 2 KiB.*The largest is big\.bin \(2\.9 KiB\)/);
    const tooMany = collectFiles(folder, {
      openTexts: noTexts,
      signal,
      limits: { ...folderLimits, files: 2 },
    });
    await expect(tooMany).rejects.toThrow(/more than 2 files/);
  });

  it('are refused where a name cannot be used on every host', async () => {
    await put({ 'a\\b.txt': '' });
    await expect(collectFiles(folder, { openTexts: noTexts, signal })).rejects.toThrow(/Rename it/);
  });

  it('are not read on after a cancellation', async () => {
    await put({ 'a.txt': '' });
    const aborted = AbortSignal.abort();
    await expect(collectFiles(folder, { openTexts: noTexts, signal: aborted })).rejects.toThrow(/abort/i);
  });
});

describe('a problem to be started', () => {
  const path = (): string => join(folder, 'problem.discover');

  it('becomes all that a host needs, under a new id', async () => {
    await put(Object.fromEntries(problemTemplate('My "first" problem')));
    const checked = await checkProblem(path(), noTexts);
    expect(checked.problem.title).toBe('My "first" problem');
    const options = { displayPath: 'my/problem.discover', settings, openTexts: noTexts, signal };
    const one = await prepareSession(checked, options);
    const two = await prepareSession(checked, options);
    expect(sessionSpec.parse(one.spec)).toEqual(one.spec);
    expect(one.spec.sessionId).not.toBe(two.spec.sessionId);
    expect(one.spec).toMatchObject({
      problemFile: 'problem.discover',
      displayPath: 'my/problem.discover',
      overrides: {},
    });
    expect(one.initialText).toBe(problemTemplate('').get('initial.py'));
  });

  it('takes what the settings say in place of the file', () => {
    expect(overridesOf({ ...settings, maxTimeMs: 60_000, seed: 7 })).toEqual({ maxTimeMs: 60_000, seed: 7 });
  });

  it('is checked in the text that the editor shows', async () => {
    await put(Object.fromEntries(problemTemplate('Valley')));
    const broken = new Map([
      [
        path(),
        (problemTemplate('Valley').get('problem.discover') ?? '').replace('goal: minimize', 'goal: least'),
      ],
    ]);
    await expect(checkProblem(path(), broken)).rejects.toThrow(/^problem\.discover, line 5: /);
  });

  it('is refused with its first mistake, and a way to all of them', async () => {
    await put({ 'problem.discover': '---\ntitle: Valley\n---\n# Valley\n' });
    const error: unknown = await checkProblem(path(), noTexts).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Refusal);
    expect(error).toMatchObject({ remedy: { title: 'Show Problems' } });
    expect(String(error)).toMatch(/and \d more/);
  });

  it('is refused when the files that it names are not there', async () => {
    const files = Object.fromEntries(problemTemplate('Valley'));
    await put({ 'problem.discover': files['problem.discover'] ?? '', 'evaluate.py': '' });
    await expect(checkProblem(path(), noTexts)).rejects.toThrow(/There is no file "initial\.py"/);
  });
});
