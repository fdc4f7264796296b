import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import SSHConfig from 'ssh-config';
import { RemoteError } from '../hostClient';
import { homeFolder } from './resolvedHost';

const maxIncludeDepth = 16;

export interface SshAliasOptions {
  readonly sshConfigPath: string | undefined;
  /** `~/.ssh` unless a test says otherwise. */
  readonly sshFolder?: string;
}

export interface SshAliases {
  /** The file that all begins with, whether or not it is there. */
  readonly configPath: string;
  readonly isThere: boolean;
  /** Without patterns, in the order found. */
  readonly aliases: readonly string[];
  /** Files that were read or looked for, and patterns of Includes, absolute: a change there may change the list. */
  readonly places: readonly string[];
}

/** The file that the SSH configuration begins with. */
export function sshConfigPathOf(options: SshAliasOptions): string {
  return options.sshConfigPath ?? join(options.sshFolder ?? join(homeFolder(), '.ssh'), 'config');
}

/** Names of hosts in the SSH configuration, as `readAliases` finds them. */
export async function listAliases(options: SshAliasOptions): Promise<string[]> {
  return [...(await readAliases(options)).aliases];
}

/**
 * Names of hosts in the SSH configuration. Includes are followed as ssh does: relative ones from `~/.ssh`. A missing
 * configuration has no hosts. Rejects with a `RemoteError` `ssh-config`.
 */
export async function readAliases(options: SshAliasOptions): Promise<SshAliases> {
  const sshFolder = options.sshFolder ?? join(homeFolder(), '.ssh');
  const configPath = sshConfigPathOf(options);
  const aliases = new Set<string>();
  const places = new Set<string>();
  const open = new Set<string>();
  let isThere = false;

  const visit = async (path: string, depth: number): Promise<void> => {
    if (depth > maxIncludeDepth || open.has(path)) return;
    places.add(path);
    const text = await readIfThere(path);
    if (text === undefined) return;
    if (depth === 0) isThere = true;
    open.add(path);
    for (const { name, values } of directives(path, text)) {
      if (name === 'host') {
        for (const value of values) if (!/[*?!]/.test(value)) aliases.add(value);
      } else if (name === 'include') {
        for (const value of values) {
          const pattern = value.startsWith('~/') ? join(homeFolder(), value.slice(2)) : value;
          const absolute = isAbsolute(pattern) ? pattern : join(sshFolder, pattern);
          places.add(absolute);
          for (const found of await filesMatching(absolute)) await visit(found, depth + 1);
        }
      }
    }
    open.delete(path);
  };
  await visit(configPath, 0);
  return { configPath, isThere, aliases: [...aliases], places: [...places] };
}

interface DirectiveWords {
  readonly name: string;
  readonly values: readonly string[];
}

function directives(path: string, text: string): DirectiveWords[] {
  const found: DirectiveWords[] = [];
  const walk = (lines: SSHConfig) => {
    for (const line of lines) {
      if (line.type !== SSHConfig.DIRECTIVE || !('param' in line)) continue;
      const { value } = line;
      const values =
        typeof value === 'string'
          ? line.quoted === true
            ? [value]
            : value.split(/\s+/).filter((word) => word !== '')
          : value.map(({ val }) => val);
      found.push({ name: line.param.toLowerCase(), values });
      if ('config' in line) walk(line.config);
    }
  };
  try {
    walk(SSHConfig.parse(text));
  } catch (cause) {
    throw new RemoteError(
      'ssh-config',
      `${path} cannot be read as an SSH configuration.`,
      'Correct it; "ssh -G HOST" in a terminal names the line.',
      { cause },
    );
  }
  return found;
}

/** A file of the SSH configuration; undefined if it is not there. Throws `RemoteError` where it cannot be read. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw new RemoteError(
      'ssh-config',
      `The SSH configuration ${path} cannot be read.`,
      'Make it readable for your account.',
      { cause },
    );
  }
}

/** Files that a pattern of `*`, `?` and `[…]` names, sorted; a pattern without them names itself. */
export async function filesMatching(pattern: string): Promise<string[]> {
  let paths = [pattern.startsWith('/') ? '/' : ''];
  for (const segment of pattern.split('/').filter((part) => part !== '')) {
    if (!/[*?[]/.test(segment)) {
      paths = paths.map((path) => join(path, segment));
      continue;
    }
    const expression = globSegment(segment);
    const matches = await Promise.all(
      paths.map(async (path) =>
        (await entriesOf(path))
          .filter((name) => expression.test(name) && (segment.startsWith('.') || !name.startsWith('.')))
          .sort()
          .map((name) => join(path, name)),
      ),
    );
    paths = matches.flat();
  }
  return paths;
}

function globSegment(segment: string): RegExp {
  const source = segment
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('[!', '[^');
  try {
    return new RegExp(`^${source}$`);
  } catch {
    // A bracket without its other half matches nothing.
    return /(?!)/;
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    // As with glob(3), a folder that cannot be listed matches nothing.
    return [];
  }
}
