import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const problems = join(import.meta.dirname, '../../problems');
const textOf = (problem: string, file: string): string => readFileSync(join(problems, problem, file), 'utf8');

/** Each folder of the catalogue runs by itself, so what several need lies in each. What differs on purpose is named here. */
const families = [
  {
    folders: ['trimul', 'mla-decode'],
    own: ['batch', 'cases', 'evaluate', 'initial', 'judge', 'picture', 'worker'],
  },
  { folders: ['ahc039', 'ahc058'], own: ['contest'] },
  { folders: ['circle-packing-26', 'circle-packing-32'], own: [] },
  {
    folders: ['erdos-min-overlap', 'autocorrelation-1', 'autocorrelation-2', 'circle-packing-26'],
    own: ['evaluate', 'initial'],
  },
];

describe.each(families)('$folders', ({ folders, own }) => {
  const [first = '', ...others] = folders;
  const names = readdirSync(join(problems, first)).filter((name) => name.endsWith('.py'));
  const shared = names.filter((name) => others.every((other) => existsSync(join(problems, other, name))));

  it.each(shared.filter((name) => !own.includes(name.replace('.py', ''))))('have the same %s', (name) => {
    for (const other of others) expect(textOf(other, name)).toBe(textOf(first, name));
  });

  it('differ where they are said to', () => {
    const texts = own.map((name) => new Set(folders.map((folder) => textOf(folder, `${name}.py`))));
    expect(texts.filter(({ size }) => size === 1)).toEqual([]);
  });
});
