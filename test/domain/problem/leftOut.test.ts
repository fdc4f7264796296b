import { describe, expect, it } from 'vitest';
import { foreignFormats } from '../../../src/domain/problem/problem';
import { leftOutOfFolder, leftOutOfOwn } from '../../../src/domain/problem/leftOut';

const contest = leftOutOfFolder('atcoder');
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const elf = new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);

describe('what stays here of a folder of a contest', () => {
  it.each(['tools/in', 'tools/out', 'tools/err', 'tools/target', 'pahcer', 'in', 'out', 'err', 'target'])(
    'is the folder %s, which earlier runs made',
    (path) => expect(contest.byPath(path)).toBe(true),
  );

  it.each(['a.out', 'tools/gen.exe', 'main.o', 'tools/vis.html', 'vis.html', '.git', 'tools/.idea'])(
    'is the file %s, which tools made',
    (path) => expect(contest.byPath(path)).toBe(true),
  );

  it.each([
    'tools',
    'tools/seeds.txt',
    'tools/src/bin/gen.rs',
    'main.cpp',
    'pahcer_config.toml',
    'src/in',
    'src/out',
    'src/out/mod.rs',
    'help/src/err',
    'outer',
    'in.cpp',
    'web/index.html',
  ])('is not %s', (path) => expect(contest.byPath(path)).toBe(false));

  it('is a program that was compiled, and no library or text', () => {
    expect(contest.byContent('main', elf)).toBe(true);
    expect(contest.byContent('main', new Uint8Array([0x4d, 0x5a, 0x90, 0x00, 3]))).toBe(true);
    expect(contest.byContent('fast.so', elf)).toBe(false);
    expect(contest.byContent('main', bytes('#!/bin/sh\n'))).toBe(false);
    expect(contest.byContent('MZ.txt', bytes('MZ is a letter pair'))).toBe(false);
    expect(contest.byContent('empty', bytes(''))).toBe(false);
  });
});

describe('what stays here of other folders', () => {
  it('is nothing by its content, and no folder called in or out', () => {
    for (const format of foreignFormats.filter((one) => one !== 'atcoder')) {
      const rule = leftOutOfFolder(format);
      for (const path of ['in', 'out/a.txt', 'data/out', 'a.out']) expect(rule.byPath(path)).toBe(false);
      expect(rule.byPath('data/target')).toBe(true);
      expect(rule.byContent('main', elf)).toBe(false);
    }
  });

  it('is in an own folder nothing but what tools and dots hide', () => {
    expect(['target', 'tools/in', 'out'].some((path) => leftOutOfOwn.byPath(path))).toBe(false);
    expect(['.env', 'lib/__pycache__', 'node_modules'].every((path) => leftOutOfOwn.byPath(path))).toBe(true);
  });
});
