import { execFile } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { RemoteError } from './hostClient';
import type { HostKeyPolicy } from './hostKeyVerifier';

/** What `ssh ALIAS` would use. Paths are absolute. */
export interface ResolvedHost {
  readonly alias: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | undefined;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket of the agent; `undefined`: none is to be asked. */
  readonly agentSocket: string | undefined;
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyPolicy: HostKeyPolicy;
  readonly connectTimeoutMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
}

const sshTimeoutMs = 10_000;
const defaultConnectTimeoutMs = 20_000;
const defaultKeepaliveMs = 15_000;

/**
 * Asks `ssh -G` what a host's settings are. Rejects with a `RemoteError`: `unknown-host` for a name that cannot be one,
 * `ssh-config` where the configuration or the program fails, `unsupported-host` for what cannot be honoured yet.
 */
export async function resolveHost(
  alias: string,
  ssh: { readonly sshPath: string; readonly sshConfigPath: string | undefined },
): Promise<ResolvedHost> {
  // A leading dash would be read as an option by some versions even after `--`.
  if (!/^[A-Za-z0-9_.[\]:@%+=,~][^\s'"`$\\<>|;&(){}\0]*$/.test(alias)) {
    throw new RemoteError(
      'unknown-host',
      `"${alias}" is not a host name.`,
      'Choose a host from your SSH configuration, or type a plain name such as gpu-1 or user@gpu-1.',
    );
  }
  const args = [
    ...(ssh.sshConfigPath === undefined ? [] : ['-F', ssh.sshConfigPath]),
    '-T',
    '-G',
    '--',
    alias,
  ];
  return parseSshSettings(alias, await runSsh(ssh.sshPath, args));
}

function runSsh(sshPath: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      sshPath,
      [...args],
      { timeout: sshTimeoutMs, maxBuffer: 4 * 1024 * 1024, windowsHide: true },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve(stdout);
        } else if (error.code === 'ENOENT') {
          reject(
            new RemoteError(
              'ssh-config',
              `The program "${sshPath}" was not found.`,
              'Install the OpenSSH client, or set the path of ssh in the settings.',
              { cause: error },
            ),
          );
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

/** Reads the output of `ssh -G`. Throws a `RemoteError` for settings that would be dangerous or useless to ignore. */
export function parseSshSettings(
  alias: string,
  output: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedHost {
  const settings = new Map<string, string[]>();
  for (const line of output.split(/\r?\n/)) {
    const space = line.indexOf(' ');
    if (space <= 0) continue;
    const key = line.slice(0, space).toLowerCase();
    settings.set(key, [...(settings.get(key) ?? []), line.slice(space + 1)]);
  }
  const one = (key: string) => settings.get(key)?.[0];
  const set = (key: string) => {
    const value = one(key);
    return value === undefined || value === 'none' ? undefined : value;
  };
  for (const [key, name] of unsupported) {
    const value = set(key);
    if (value !== undefined) throw unsupportedSetting(alias, name, value);
  }
  const hostName = one('hostname') ?? alias;
  const port = Number(one('port') ?? '22');
  const user = one('user') ?? userInfo().username;
  const expand = (path: string) => expandPath(path, { alias, hostName, port, user, env });
  const seconds = (key: string) => {
    const value = Number(set(key) ?? '0');
    return Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
  };
  const knownHostsFiles = ['userknownhostsfile', 'globalknownhostsfile'].flatMap((key) =>
    (set(key) ?? '').split(' ').filter((path) => path !== '' && path !== '/dev/null'),
  );
  return {
    alias,
    hostName,
    port,
    user,
    hostKeyAlias: set('hostkeyalias'),
    identityFiles: [
      ...new Set((settings.get('identityfile') ?? []).filter((path) => path !== 'none').map(expand)),
    ],
    identitiesOnly: one('identitiesonly') === 'yes',
    agentSocket: agentSocketOf(one('identityagent'), env, expand),
    knownHostsFiles: knownHostsFiles.map(expand),
    hostKeyPolicy: policyOf(one('stricthostkeychecking')),
    connectTimeoutMs: seconds('connecttimeout') ?? defaultConnectTimeoutMs,
    keepaliveIntervalMs: Math.max(defaultKeepaliveMs, seconds('serveraliveinterval') ?? 0),
    keepaliveCountMax: Math.max(1, Number(one('serveralivecountmax') ?? '3')),
  };
}

/** Settings that change whom one talks to; leaving them out would reach another machine or trust a revoked key. */
const unsupported = [
  ['proxyjump', 'ProxyJump'],
  ['proxycommand', 'ProxyCommand'],
  ['revokedhostkeys', 'RevokedHostKeys'],
] as const;

function unsupportedSetting(alias: string, name: string, value: string): RemoteError {
  return new RemoteError(
    'unsupported-host',
    `The SSH configuration of ${alias} uses ${name} (${value}), which is not supported yet.`,
    name === 'RevokedHostKeys'
      ? 'Use "@revoked" lines in a known_hosts file instead.'
      : 'Use a host that can be reached directly, or forward a local port to it and add a host entry for that port.',
  );
}

function policyOf(value: string | undefined): HostKeyPolicy {
  switch (value) {
    case 'true':
    case 'yes':
      return 'yes';
    case 'false':
    case 'no':
    case 'off':
      return 'no';
    case 'accept-new':
      return 'accept-new';
    default:
      return 'ask';
  }
}

function agentSocketOf(
  identityAgent: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  expand: (path: string) => string,
): string | undefined {
  if (identityAgent === 'none') return undefined;
  if (identityAgent === undefined || identityAgent === 'SSH_AUTH_SOCK') {
    const fallback = process.platform === 'win32' ? '\\\\.\\pipe\\openssh-ssh-agent' : undefined;
    return nonEmpty(env['SSH_AUTH_SOCK']) ?? fallback;
  }
  if (/^\$[A-Za-z_][A-Za-z0-9_]*$/.test(identityAgent)) return nonEmpty(env[identityAgent.slice(1)]);
  return expand(identityAgent);
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** `~`, `${NAME}` and the percent tokens of ssh_config(5), "TOKENS", that a path may hold. */
export function expandPath(
  path: string,
  host: {
    readonly alias: string;
    readonly hostName: string;
    readonly port: number;
    readonly user: string;
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): string {
  const home = homeFolder();
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    d: home,
    h: host.hostName,
    n: host.alias,
    p: String(host.port),
    r: host.user,
    u: userInfo().username,
    i: String(process.getuid?.() ?? ''),
  };
  const tilde = path === '~' || path.startsWith('~/') ? join(home, path.slice(2)) : path;
  return tilde
    .replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => host.env[name] ?? whole)
    .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}

/** The account's home, as ssh takes it: from the account, not from `HOME`. */
export function homeFolder(): string {
  return nonEmpty(userInfo().homedir) ?? homedir();
}
