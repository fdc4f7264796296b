import type { FolderFiles } from '../foreignFolder';
import { parseToml, tableIn, tablesIn, TomlError } from './toml';
import type { TomlTable } from './toml';

/** The contest's official crate. */
export interface ToolsCrate {
  /** Relative to the folder; empty if the folder is the crate itself. */
  readonly path: string;
  /** Names of its programs: `gen`, `vis`, `score`, `tester`. */
  readonly programs: readonly string[];
  /** Its `tester` starts the program and talks with it. */
  readonly testerIsReactive: boolean;
}

const deepest = 3;

/** The crate with the generator that lies least deep; undefined if there is none. */
export function findToolsCrate(files: FolderFiles): ToolsCrate | undefined {
  const manifests = files.paths
    .filter((path) => /(?:^|\/)Cargo\.toml$/.test(path) && path.split('/').length <= deepest)
    .sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1));
  for (const manifest of manifests) {
    const path = manifest.slice(0, -'Cargo.toml'.length).replace(/\/$/, '');
    const programs = programsOf(files, path);
    if (programs.includes('gen')) {
      return { path, programs, testerIsReactive: testerIsReactive(files, path) };
    }
  }
  return undefined;
}

/** What scores an answer of a batch contest. `score` is the quickest: it draws nothing. */
export function scoringProgram({ programs }: ToolsCrate): string | undefined {
  return ['score', 'vis', 'tester'].find((name) => programs.includes(name));
}

function programsOf(files: FolderFiles, crate: string): string[] {
  const prefix = crate === '' ? '' : `${crate}/`;
  const names = files.paths.flatMap((path) => {
    if (!path.startsWith(`${prefix}src/bin/`)) return [];
    const found = /^([\w-]+)(?:\.rs|\/main\.rs)$/.exec(path.slice(`${prefix}src/bin/`.length));
    return found?.[1] === undefined ? [] : [found[1]];
  });
  for (const { name } of tablesIn(readManifest(files, crate), 'bin')) {
    if (typeof name === 'string') names.push(name);
  }
  return [...new Set(names)].sort();
}

/** The package's name, if there is a manifest that can be read. */
export function packageName(files: FolderFiles, crate: string): string | undefined {
  const { name } = tableIn(readManifest(files, crate), 'package');
  return typeof name === 'string' ? name : undefined;
}

function readManifest(files: FolderFiles, crate: string): TomlTable {
  const text = files.read(crate === '' ? 'Cargo.toml' : `${crate}/Cargo.toml`);
  if (text === undefined) return {};
  try {
    return parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // cargo will say it better when it builds the crate.
    return {};
  }
}

function testerIsReactive(files: FolderFiles, crate: string): boolean {
  const prefix = crate === '' ? '' : `${crate}/`;
  const source = files.read(`${prefix}src/bin/tester.rs`) ?? files.read(`${prefix}src/bin/tester/main.rs`);
  return source !== undefined && /\bprocess::(?:\{[^}]*\bCommand\b|Command\b)|\bCommand::new\b/.test(source);
}
