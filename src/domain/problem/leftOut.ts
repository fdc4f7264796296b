import type { ForeignFormat } from './problem';

/** Made by tools, never part of a problem. */
const madeByTools: ReadonlySet<string> = new Set(['node_modules', '__pycache__', 'venv']);

/** True for names of files and folders that never go to a host: those, and all that begin with a dot: settings, caches, secrets. */
export function isLeftOut(name: string): boolean {
  return name.startsWith('.') || madeByTools.has(name);
}

/** The same in a folder of another tool, where cargo builds, too; in a problem's own folder `target` may be anything. */
export function isLeftOutOfForeign(name: string): boolean {
  return isLeftOut(name) || name === 'target';
}

/** What never goes to a host of one folder. */
export interface LeftOutRule {
  /** Of a file or folder; `path` is relative, with forward slashes. */
  readonly byPath: (path: string) => boolean;
  /** Of a file that `byPath` lets through. */
  readonly byContent: (path: string, content: Uint8Array) => boolean;
}

/** Of a problem's own folder. */
export const leftOutOfOwn: LeftOutRule = {
  byPath: (path) => isLeftOut(lastSegment(path)),
  byContent: () => false,
};

/** Of a folder of another tool. */
export function leftOutOfFolder(format: ForeignFormat): LeftOutRule {
  const byName = (path: string): boolean => isLeftOutOfForeign(lastSegment(path));
  if (format !== 'atcoder') return { byPath: byName, byContent: () => false };
  return {
    byPath: (path) => byName(path) || resultOfContest.test(path) || /\.(?:out|o|obj|exe|pdb)$/i.test(path),
    byContent: (path, content) => !/\.(?:so|dylib|dll|pyd|a)$/i.test(path) && isCompiled(content),
  };
}

/**
 * Results of earlier runs lie beside the program and in the folder of the official tools, whose inputs are made anew for every step: they can
 * be a hundred times as large as the contest. A source file of that name, and a module `src/in`, are none.
 */
const resultOfContest = /^(?:pahcer|(?:(?!src\/)[^/]+\/)?(?:in|out|err|vis\.html))$/;

/** Programs of Linux, macOS and Windows. */
const beginnings: readonly (readonly number[])[] = [
  [0x7f, 0x45, 0x4c, 0x46],
  [0xcf, 0xfa, 0xed, 0xfe],
  [0xca, 0xfe, 0xba, 0xbe],
  [0x4d, 0x5a, 0x90, 0x00],
];

function isCompiled(content: Uint8Array): boolean {
  return beginnings.some((bytes) => bytes.every((byte, index) => content[index] === byte));
}

function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
