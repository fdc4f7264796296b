import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { RemoteError } from '../hostClient';
import { parseSshSettings, userPartOf, type ResolvedHost } from './resolvedHost';
import { readSshConfigFiles } from './sshConfigFiles';

/** How the SSH configuration is read. */
export interface SshConfigSource {
  readonly sshPath: string;
  /** `undefined`: the user's own and the system's. */
  readonly sshConfigPath: string | undefined;
  readonly log?: (level: 'warn', message: string) => void;
}

/** What a jump says of its host beside the name; it comes before all that the configuration says. */
export interface JumpOverrides {
  readonly user?: string;
  readonly port?: number;
  /** The hops before this one, as ProxyJump writes them. */
  readonly jump?: string;
}

const sshTimeoutMs = 10_000;
const maxHops = 10;

/**
 * Asks `ssh -G` what a host's settings are; without an `ssh` program, reads the files itself. Rejects with a
 * `RemoteError`: `unknown-host` for a name that cannot be one, `ssh-config` where the configuration or the program fails.
 */
export async function resolveHost(
  alias: string,
  ssh: SshConfigSource,
  overrides: JumpOverrides = {},
): Promise<ResolvedHost> {
  requireHostName(alias);
  const args = [
    ...(ssh.sshConfigPath === undefined ? [] : ['-F', ssh.sshConfigPath]),
    ...(overrides.user === undefined ? [] : ['-l', overrides.user]),
    ...(overrides.port === undefined ? [] : ['-p', String(overrides.port)]),
    ...(overrides.jump === undefined ? [] : ['-J', overrides.jump]),
    '-T',
    '-G',
    '--',
    alias,
  ];
  const output = await runSsh(ssh.sshPath, args);
  if (output !== undefined) return parseSshSettings(alias, output);
  const { host, ignored } = await readSshConfigFiles(alias, ssh.sshConfigPath, overrides);
  const not = ignored.length === 0 ? '' : ` Not honoured: ${ignored.join(', ')}.`;
  ssh.log?.(
    'warn',
    `The program "${ssh.sshPath}" was not found; the SSH configuration is read without it.${not}`,
  );
  return host;
}

/**
 * All hosts on the way, the nearest first and the one asked for last. Each is resolved as `ssh` would for its jump, so
 * that it has its own settings, name and keys. Only the first may have a `proxyCommand`.
 */
export async function resolveRoute(alias: string, ssh: SshConfigSource): Promise<readonly ResolvedHost[]> {
  const route = [await resolveHost(alias, ssh)];
  const seen = new Set([alias]);
  for (let jump = route[0]?.proxyJump; jump !== undefined; jump = route[0]?.proxyJump) {
    const hop = lastJump(jump, alias);
    // Without hops of its own a host always leads to the same one: a second visit would go on for ever.
    const visit = hop.jump === undefined ? hop.host : jump;
    if (route.length > maxHops || seen.has(visit)) throw endlessJump(alias, route);
    seen.add(visit);
    route.unshift(await resolveHost(hop.host, ssh, hop));
  }
  return route;
}

/** The hop nearest to the host; those before it stay together as its own ProxyJump. */
function lastJump(jump: string, alias: string): JumpOverrides & { readonly host: string } {
  const comma = jump.lastIndexOf(',');
  const text = jump
    .slice(comma + 1)
    .trim()
    .replace(/^ssh:\/\//, '');
  const before = comma === -1 ? undefined : jump.slice(0, comma);
  const user = userPartOf(text);
  const place = text.slice(text.lastIndexOf('@') + 1).replace(/\/$/, '');
  const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(place) ?? /^([^:]+)(?::(\d+))?$/.exec(place);
  // More colons than one, and no brackets: an IPv6 address alone.
  const [host = '', port] = match === null ? [place] : match.slice(1);
  if (host === '' || (user !== undefined && !/^[^\s'"`$\\<>|;&(){}-][^\s'"`$\\<>|;&(){}]*$/.test(user))) {
    throw new RemoteError(
      'ssh-config',
      `The SSH configuration of ${alias} has a ProxyJump that names no host: ${jump}`,
      'Write it as [user@]host[:port], several separated by commas.',
    );
  }
  return {
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(before === undefined ? {} : { jump: before }),
  };
}

function endlessJump(alias: string, route: readonly ResolvedHost[]): RemoteError {
  return new RemoteError(
    'ssh-config',
    `The way to ${alias} does not end: ${route.map((host) => host.alias).join(' after ')}.`,
    `Write "ProxyJump none" for the host that is reached directly; at most ${maxHops} jumps are made.`,
  );
}

function requireHostName(alias: string): void {
  // A leading dash would be read as an option by some versions even after `--`.
  if (!/^[A-Za-z0-9_.[\]:@%+=,~][^\s'"`$\\<>|;&(){}*?!\0]*$/.test(alias)) {
    throw new RemoteError(
      'unknown-host',
      `"${alias}" is not a host name.`,
      'Choose a host from your SSH configuration, or type a plain name such as gpu-1 or user@gpu-1.',
    );
  }
}

/** `undefined`: there is no such program. */
async function runSsh(sshPath: string, args: readonly string[]): Promise<string | undefined> {
  const output = await runProgram(sshPath, args);
  if (output !== undefined || process.platform !== 'win32' || sshPath !== 'ssh') return output;
  // Part of Windows, but not always on the PATH of an editor.
  return runProgram(join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'OpenSSH', 'ssh.exe'), args);
}

function runProgram(path: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    execFile(
      path,
      [...args],
      { timeout: sshTimeoutMs, maxBuffer: 4 * 1024 * 1024, windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
        } else if (error.code === 'ENOENT') {
          resolve(undefined);
        } else {
          const said = error.killed === true ? `no answer in ${sshTimeoutMs / 1000} s` : stderr.trim();
          reject(
            new RemoteError(
              'ssh-config',
              `ssh cannot read its configuration: ${said === '' ? error.message : said}`,
              'Correct the named line of your SSH configuration; "ssh -G HOST" in a terminal shows the same.',
              { cause: error },
            ),
          );
        }
      },
    );
  });
}
