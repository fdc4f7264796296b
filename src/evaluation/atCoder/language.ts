import { existsSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { PahcerStep } from '../../domain/foreign/atCoder/pahcerConfig';
import { packageName } from '../../domain/foreign/atCoder/toolsCrate';
import type { AtCoderFolder } from '../../domain/foreign/atCoder/atCoderFolder';
import type { FolderFiles } from '../../domain/foreign/foreignFolder';

/** How a program becomes one that can be run. Paths are relative to the contest's folder. */
export type Language =
  | { readonly kind: 'cpp'; readonly args: readonly string[] }
  | { readonly kind: 'rustc'; readonly args: readonly string[] }
  /** A package with crates of others. */
  | {
      readonly kind: 'cargo';
      readonly package: string;
      readonly bin: string;
      readonly args: readonly string[];
    }
  | { readonly kind: 'python'; readonly args: readonly string[] }
  /** As `pahcer_config.toml` says. */
  | {
      readonly kind: 'steps';
      readonly steps: readonly PahcerStep[];
      readonly program: string;
      readonly args: readonly string[];
      readonly currentDir: string;
    };

/** `candidate` is relative to the folder, or to a folder of its own outside of it. Or one sentence: why not. */
export function languageOf(
  files: FolderFiles,
  folder: AtCoderFolder,
  candidate: string,
  isOutside: boolean,
): Language | string {
  const args = folder.step?.args ?? [];
  switch (extname(candidate)) {
    case '.py':
      // Its first argument is the program itself.
      return {
        kind: 'python',
        args: folder.step?.program.includes('python') === true ? args.slice(1) : args,
      };
    case '.rs': {
      const home = isOutside ? undefined : packageAround(files, candidate);
      const name = home === undefined ? undefined : packageName(files, home);
      if (home === undefined || name === undefined) return { kind: 'rustc', args };
      const bin = basename(dirname(candidate)) === 'bin' ? basename(candidate, '.rs') : name;
      return { kind: 'cargo', package: home, bin, args };
    }
    case '.cpp':
    case '.cc':
    case '.cxx': {
      const steps = folder.pahcer?.compileSteps ?? [];
      if (isOutside || folder.step === undefined || steps.length === 0 || steps.every(isUsualCompiling)) {
        return { kind: 'cpp', args };
      }
      return { kind: 'steps', steps, ...folder.step };
    }
    default: {
      if (folder.step === undefined || isOutside) {
        return `Programs of the kind ${basename(candidate)} are run as pahcer_config.toml says, and it does not say how.`;
      }
      return { kind: 'steps', steps: folder.pahcer?.compileSteps ?? [], ...folder.step };
    }
  }
}

/** What `pahcer init` writes: AtCoder's own flags are better. */
function isUsualCompiling({ program, args }: PahcerStep): boolean {
  const [standard, level, source, ...rest] = args;
  return (
    program === 'g++' &&
    /^-std=(?:c|gnu)\+\+(?:17|20|2a)$/.test(standard ?? '') &&
    level === '-O2' &&
    /^[\w./-]+\.cpp$/.test(source ?? '') &&
    (rest.length === 0 || (rest.length === 2 && rest[0] === '-o'))
  );
}

/** The folder of the package that the file belongs to, within the contest's folder. */
function packageAround({ paths }: FolderFiles, candidate: string): string | undefined {
  for (let folder = dirname(candidate); ; folder = dirname(folder)) {
    if (paths.includes(join(folder, 'Cargo.toml'))) return folder === '.' ? '' : folder;
    if (folder === '.') return undefined;
  }
}

const judgeIncludes = ['/opt/ac-library', '/opt/boost/gcc/include', '/usr/include/eigen3'];

/** As AtCoder compiles C++20, with the libraries that this host has, and without its warnings. */
export function cppCommand(source: string, program: string): [string, ...string[]] {
  return [
    'g++',
    '-std=gnu++20',
    '-O2',
    '-DONLINE_JUDGE',
    '-DATCODER',
    '-mtune=native',
    '-march=native',
    '-fconstexpr-depth=2147483647',
    '-fconstexpr-loop-limit=2147483647',
    '-fconstexpr-ops-limit=2147483647',
    '-fmax-errors=5',
    '-fdiagnostics-color=never',
    ...judgeIncludes.filter((path) => existsSync(path)).map((path) => `-I${path}`),
    '-o',
    program,
    source,
  ];
}

export function rustcCommand(source: string, program: string): [string, ...string[]] {
  return [
    'rustc',
    '--edition',
    '2021',
    '-C',
    'opt-level=3',
    '-C',
    'target-cpu=native',
    '--cap-lints',
    'warn',
    '-o',
    program,
    source,
  ];
}
