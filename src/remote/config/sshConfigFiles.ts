import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { RemoteError } from '../hostClient';
import {
  expandPath,
  homeFolder,
  hostFromSettings,
  hostPartOf,
  userPartOf,
  type Environment,
  type ResolvedHost,
} from './resolvedHost';
import { filesMatching, readIfThere } from './sshAliases';
import type { JumpOverrides } from './sshConfig';

const maxIncludeDepth = 16;
const severalValues = new Set(['identityfile', 'certificatefile']);

/**
 * Reads the SSH configuration without the help of `ssh`: Host, Match (all, host, originalhost, user, localuser), Include;
 * the first value of a setting wins, as ssh_config(5) says. What asks for more is left out and named in `ignored`.
 * Rejects with a `RemoteError` `ssh-config`.
 */
export async function readSshConfigFiles(
  alias: string,
  sshConfigPath: string | undefined,
  overrides: JumpOverrides = {},
  env: Environment = process.env,
): Promise<{ readonly host: ResolvedHost; readonly ignored: readonly string[] }> {
  const host = hostPartOf(alias);
  const user = overrides.user ?? userPartOf(alias);
  const settings = new Map<string, string[]>();
  if (user !== undefined) settings.set('user', [user]);
  if (overrides.port !== undefined) settings.set('port', [String(overrides.port)]);
  if (overrides.jump !== undefined) settings.set('proxyjump', [overrides.jump]);
  const ignored = new Set<string>();

  const visit = async (path: string, folder: string, depth: number, isActive: boolean): Promise<void> => {
    const text = depth > maxIncludeDepth ? undefined : await readIfThere(path);
    if (text === undefined) return;
    let active = isActive;
    for (const [index, line] of text.split('\n').entries()) {
      const directive = directiveOf(line);
      if (directive === undefined) continue;
      const { name, rest } = directive;
      const words = wordsOf(rest, `${path} line ${index + 1}`);
      if (name === 'host') active = isActive && matchesList(words, host);
      else if (name === 'match') active = isActive && matches(words, { host, settings, ignored });
      else if (active && name === 'include') {
        for (const pattern of words) {
          const expanded = expandPath(pattern, {
            alias: host,
            hostName: host,
            port: 22,
            user: user ?? '',
            env,
          });
          const absolute = isAbsolute(expanded) ? expanded : join(folder, expanded);
          for (const found of await filesMatching(absolute)) await visit(found, folder, depth + 1, active);
        }
      } else if (active) set(settings, name, name === 'proxycommand' ? [rest] : words);
    }
  };
  const userFolder = join(homeFolder(), '.ssh');
  if (sshConfigPath === undefined) {
    await visit(join(userFolder, 'config'), userFolder, 0, true);
    await visit(join(systemFolder(env), 'ssh_config'), systemFolder(env), 0, true);
  } else {
    await visit(sshConfigPath, userFolder, 0, true);
  }
  addDefaults(settings, host, env);
  return { host: hostFromSettings(alias, settings, env), ignored: [...ignored] };
}

function systemFolder(env: Environment): string {
  return process.platform === 'win32' ? join(env['ProgramData'] ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh';
}

function directiveOf(line: string): { readonly name: string; readonly rest: string } | undefined {
  const match = /^\s*([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*?)\s*$/.exec(line);
  return match === null ? undefined : { name: (match[1] ?? '').toLowerCase(), rest: match[2] ?? '' };
}

/** Words with `"` or `'` around those that hold spaces; a `#` that begins a word begins a comment. */
function wordsOf(text: string, place: string): string[] {
  const words: string[] = [];
  for (let rest = text.trim(); rest !== '' && !rest.startsWith('#');) {
    const match = /^"((?:[^"\\]|\\.)*)"|^'((?:[^'\\]|\\.)*)'|^([^\s"']\S*)/.exec(rest);
    if (match === null) {
      throw new RemoteError(
        'ssh-config',
        `The SSH configuration has a quote without its other half (${place}).`,
        'Correct that line.',
      );
    }
    const quoted = match[1] ?? match[2];
    words.push(quoted === undefined ? (match[3] ?? '') : quoted.replace(/\\(["'\\])/g, '$1'));
    rest = rest.slice(match[0].length).trimStart();
  }
  return words;
}

function set(settings: Map<string, string[]>, name: string, words: readonly string[]): void {
  if (words.length === 0) return;
  // Whichever of the two comes first is the way to the host.
  const other = { proxyjump: 'proxycommand', proxycommand: 'proxyjump' }[name];
  if (other !== undefined && settings.has(other)) return;
  const before = settings.get(name) ?? [];
  if (before.length > 0 && !severalValues.has(name)) return;
  const value = words.map((word) => (/\s/.test(word) && words.length > 1 ? `"${word}"` : word)).join(' ');
  settings.set(name, [...before, value]);
}

function matches(
  words: readonly string[],
  known: {
    readonly host: string;
    readonly settings: ReadonlyMap<string, readonly string[]>;
    readonly ignored: Set<string>;
  },
): boolean {
  const setting = (name: string) => known.settings.get(name)?.[0];
  const subjects: Readonly<Record<string, string>> = {
    host: (setting('hostname') ?? known.host).replaceAll('%h', known.host),
    originalhost: known.host,
    user: setting('user') ?? userInfo().username,
    localuser: userInfo().username,
  };
  const left = [...words];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const negated = word.startsWith('!');
    const criterion = (negated ? word.slice(1) : word).toLowerCase();
    if (criterion === 'all') {
      if (negated) return false;
      continue;
    }
    const subject = subjects[criterion];
    const patterns = left.shift();
    if (subject === undefined || patterns === undefined) {
      known.ignored.add(`Match ${criterion}`);
      return false;
    }
    // Host lines mind the case, Match lines do not.
    const flags = criterion.endsWith('host') ? 'i' : '';
    if (matchesList(patterns.split(','), subject, flags) === negated) return false;
  }
  return true;
}

/** One that matches and none of the negated. */
function matchesList(patterns: readonly string[], subject: string, flags = ''): boolean {
  const fits = (pattern: string) => {
    const source = pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${source}$`, flags).test(subject);
  };
  if (patterns.some((pattern) => pattern.startsWith('!') && fits(pattern.slice(1)))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && fits(pattern));
}

function addDefaults(settings: Map<string, string[]>, host: string, env: Environment): void {
  const hostName = (settings.get('hostname')?.[0] ?? '%h')
    .replace(/%([h%])/g, (_whole, token: string) => (token === 'h' ? host : '%'))
    .toLowerCase();
  settings.set('hostname', [hostName]);
  const defaults: Readonly<Record<string, readonly string[]>> = {
    identityfile: ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'].map(
      (name) => `~/.ssh/${name}`,
    ),
    userknownhostsfile: ['~/.ssh/known_hosts ~/.ssh/known_hosts2'],
    globalknownhostsfile: [
      ['ssh_known_hosts', 'ssh_known_hosts2'].map((name) => join(systemFolder(env), name)).join(' '),
    ],
  };
  for (const [name, values] of Object.entries(defaults)) {
    if (!settings.has(name)) settings.set(name, [...values]);
  }
}
