import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { HostKeyPolicy } from '../hostKeys/hostKeyVerifier';
import { knownHostsPathsOf } from '../hostKeys/knownHosts';

/** Ways to log in that this client can do itself, by their SSH names. */
export type LoginMethod = 'publickey' | 'keyboard-interactive' | 'password';

/** What `ssh ALIAS` would use. Paths are absolute. */
export interface ResolvedHost {
  readonly alias: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | undefined;
  /** As written, several hops separated by commas; `undefined`: reached directly or by `proxyCommand`. */
  readonly proxyJump: string | undefined;
  /** With its tokens (`%h`, `%p`, …) still in it. */
  readonly proxyCommand: string | undefined;
  readonly addressFamily: 4 | 6 | undefined;
  readonly bindAddress: string | undefined;
  readonly identityFiles: readonly string[];
  readonly certificateFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Socket of the agent; `undefined`: none is to be asked. */
  readonly agentSocket: string | undefined;
  /** Allowed ways to log in, in the order to try them. */
  readonly loginMethods: readonly LoginMethod[];
  /** How often a password is asked for. */
  readonly passwordPrompts: number;
  /** `BatchMode yes`: nobody is to be asked anything. */
  readonly isBatch: boolean;
  readonly knownHostsFiles: readonly string[];
  readonly hostKeyPolicy: HostKeyPolicy;
  readonly connectTimeoutMs: number;
  readonly keepaliveIntervalMs: number;
  readonly keepaliveCountMax: number;
  /** `GSSAPIAuthentication yes`. Many systems set it for every host. */
  readonly wantsGssapi: boolean;
  /** Names of settings that only the `ssh` program itself can honour. */
  readonly onlyForSsh: readonly string[];
}

/** Settings by lower-case name, as `ssh -G` prints them: what may be given several times has several values. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

export type Environment = Readonly<Record<string, string | undefined>>;

const defaultConnectTimeoutMs = 20_000;
const defaultKeepaliveMs = 15_000;

/** Reads the output of `ssh -G`. */
export function parseSshSettings(
  alias: string,
  output: string,
  env: Environment = process.env,
): ResolvedHost {
  const settings = new Map<string, string[]>();
  for (const line of output.split(/\r?\n/)) {
    const space = line.indexOf(' ');
    if (space <= 0) continue;
    const key = line.slice(0, space).toLowerCase();
    settings.set(key, [...(settings.get(key) ?? []), line.slice(space + 1)]);
  }
  return hostFromSettings(alias, settings, env);
}

export function hostFromSettings(alias: string, settings: SshSettings, env: Environment): ResolvedHost {
  const one = (key: string) => settings.get(key)?.[0];
  const set = (key: string) => {
    const value = one(key);
    return value === undefined || value === 'none' ? undefined : value;
  };
  const isOn = (key: string) => one(key) === 'yes' || one(key) === 'true';
  const hostName = one('hostname') ?? hostPartOf(alias);
  const port = Number(one('port') ?? '22');
  const user = one('user') ?? userPartOf(alias) ?? userInfo().username;
  const expand = (path: string) => expandPath(path, { alias: hostPartOf(alias), hostName, port, user, env });
  const paths = (key: string) => [
    ...new Set((settings.get(key) ?? []).filter((path) => path !== 'none').map(expand)),
  ];
  const seconds = (key: string) => {
    const value = Number(set(key) ?? '0');
    return Number.isFinite(value) && value > 0 ? value * 1000 : undefined;
  };
  const knownHostsFiles = ['userknownhostsfile', 'globalknownhostsfile'].flatMap((key) =>
    knownHostsPathsOf(wordsOf(set(key) ?? '')).filter((path) => path !== '/dev/null'),
  );
  return {
    alias,
    hostName,
    port,
    user,
    hostKeyAlias: set('hostkeyalias'),
    proxyJump: set('proxyjump'),
    proxyCommand: set('proxycommand'),
    addressFamily: { inet: 4 as const, inet6: 6 as const }[one('addressfamily') ?? ''],
    bindAddress: set('bindaddress'),
    identityFiles: paths('identityfile'),
    certificateFiles: paths('certificatefile'),
    identitiesOnly: isOn('identitiesonly'),
    agentSocket: agentSocketOf(one('identityagent'), env, expand),
    loginMethods: loginMethodsOf(one),
    passwordPrompts: Math.max(0, Number(one('numberofpasswordprompts') ?? '3')),
    isBatch: isOn('batchmode'),
    knownHostsFiles: knownHostsFiles.map(expand),
    hostKeyPolicy: policyOf(one('stricthostkeychecking')),
    connectTimeoutMs: seconds('connecttimeout') ?? defaultConnectTimeoutMs,
    keepaliveIntervalMs: Math.max(defaultKeepaliveMs, seconds('serveraliveinterval') ?? 0),
    keepaliveCountMax: Math.max(1, Number(one('serveralivecountmax') ?? '3')),
    wantsGssapi: isOn('gssapiauthentication'),
    onlyForSsh: onlyForSsh
      .filter(([key]) => set(key) !== undefined && !['no', 'false'].includes(one(key) ?? ''))
      .map(([, name]) => name),
  };
}

/** To leave these out would trust a key that is not to be trusted, or fail at a login that `ssh` manages. */
const onlyForSsh = [
  ['revokedhostkeys', 'RevokedHostKeys'],
  ['knownhostscommand', 'KnownHostsCommand'],
  ['verifyhostkeydns', 'VerifyHostKeyDNS'],
  ['pkcs11provider', 'PKCS11Provider'],
  ['hostbasedauthentication', 'HostbasedAuthentication'],
  ['proxyusefdpass', 'ProxyUseFdpass'],
] as const;

/** `host` of `user@host`. A user's name may hold an `@` of its own. */
export function hostPartOf(alias: string): string {
  return alias.slice(alias.lastIndexOf('@') + 1);
}

export function userPartOf(alias: string): string | undefined {
  const at = alias.lastIndexOf('@');
  return at > 0 ? alias.slice(0, at) : undefined;
}

/** Words of a list, of which those with spaces are quoted. */
function wordsOf(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
}

function loginMethodsOf(one: (key: string) => string | undefined): LoginMethod[] {
  const switches: Readonly<Record<LoginMethod, string | undefined>> = {
    publickey: one('pubkeyauthentication'),
    'keyboard-interactive': one('kbdinteractiveauthentication') ?? one('challengeresponseauthentication'),
    password: one('passwordauthentication'),
  };
  // The order of ssh, without what this client does not do.
  const known: readonly LoginMethod[] = ['publickey', 'keyboard-interactive', 'password'];
  const preferred = one('preferredauthentications')?.split(',') ?? known;
  return preferred
    .flatMap((name) => known.find((method) => method === name) ?? [])
    .filter((method) => !['no', 'false'].includes(switches[method] ?? ''));
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
  env: Environment,
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
    readonly env: Environment;
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
    .replace(/^__PROGRAMDATA__/, host.env['PROGRAMDATA'] ?? 'C:\\ProgramData')
    .replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => host.env[name] ?? whole)
    .replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}

/** The account's home, as ssh takes it: from the account, not from `HOME`. */
export function homeFolder(): string {
  return nonEmpty(userInfo().homedir) ?? homedir();
}
