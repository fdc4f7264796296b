import { RemoteError } from '../hostClient';
import { shellQuote } from '../shell/shellQuote';
import type { Transport } from '../transport';

/** What one look at a host found. */
export interface HostProbe {
  /** `linux-x64`, `linux-arm64`, `linux-x64-musl`, `darwin-arm64` … */
  readonly platformKey: string;
  /** `Linux x86_64`, as the host says it. */
  readonly systemName: string;
  readonly home: string;
  /** The root folder with `~` resolved. */
  readonly root: string;
  readonly freeBytes: number | undefined;
  /** Files that may still be made there. */
  readonly freeInodes: number | undefined;
  /** Such as `2.36`; `undefined` on musl and macOS. */
  readonly glibc: string | undefined;
  /** Why the root folder cannot be used, as the host says it; `undefined`: it can. */
  readonly rootTrouble: string | undefined;
  /** Programs may be run from the root folder: not so where it is mounted `noexec`. */
  readonly canRunFromRoot: boolean;
  /** Names of those tools that are there, of `gzip tar curl wget`. */
  readonly tools: readonly string[];
  /** Node versions that ran, in the order of preference. */
  readonly nodes: readonly { readonly path: string; readonly version: string }[];
  /** Whether the wanted runner bundle is there, unchanged. */
  readonly hasBundle: boolean;
}

const probeTimeoutMs = 90_000;
const maxNodes = 8;
export const minNodeMajor = 20;

/**
 * Looks at a host: one script. Rejects with a `RemoteError`: `unsupported-host` for systems that sessions cannot run on,
 * `lost`, `cancelled`.
 */
export async function probeHost(
  transport: Transport,
  wanted: { readonly root: string; readonly bundleSha256: string },
  signal: AbortSignal,
): Promise<HostProbe> {
  const result = await transport.exec(probeScript(wanted), { timeoutMs: probeTimeoutMs, signal });
  const fields = new Map<string, string[]>();
  for (const line of result.stdout.split('\n')) {
    const equals = line.indexOf('=');
    if (equals === -1) continue;
    const key = line.slice(0, equals);
    fields.set(key, [...(fields.get(key) ?? []), line.slice(equals + 1)]);
  }
  const one = (key: string) => fields.get(key)?.[0] ?? '';
  const systemName = one('system');
  const platformKey = platformKeyOf(systemName, one('libc'));
  if (platformKey === undefined) {
    throw new RemoteError(
      'unsupported-host',
      `Sessions cannot run on this system: ${systemName === '' ? result.stderr.trim().slice(-200) : systemName}.`,
      'Use a Linux host (x86-64 or arm64) or a Mac.',
    );
  }
  if (one('bits') === '32') {
    throw new RemoteError(
      'unsupported-host',
      `Programs on this host are of 32 bits (${systemName}), and sessions need 64.`,
      'Use a host with a 64-bit system.',
    );
  }
  const home = one('home');
  const root = one('root');
  if (!root.startsWith('/')) {
    throw new RemoteError(
      'unsupported-host',
      `The account has no home folder on the host (HOME is "${home}").`,
      'Set an absolute root folder for this host in the settings.',
    );
  }
  const number = (key: string) => {
    const value = Number(one(key));
    return one(key) !== '' && Number.isFinite(value) ? value : undefined;
  };
  const freeKib = number('free');
  return {
    platformKey,
    systemName,
    home,
    root,
    freeBytes: freeKib === undefined ? undefined : freeKib * 1024,
    freeInodes: number('inodes'),
    glibc: /^glibc (\d+\.\d+)/.exec(one('glibc'))?.[1],
    rootTrouble: one('trouble') === '' ? undefined : one('trouble'),
    canRunFromRoot: one('runs') === 'yes',
    tools: one('tools')
      .split(' ')
      .filter((tool) => tool !== ''),
    nodes: (fields.get('node') ?? []).flatMap((line) => {
      const space = line.indexOf(' ');
      const [version, path] = [line.slice(0, space), line.slice(space + 1)];
      return /^\d+\.\d+\.\d+/.test(version) && path.startsWith('/') ? [{ path, version }] : [];
    }),
    hasBundle: one('bundle') === wanted.bundleSha256,
  };
}

export function platformKeyOf(systemName: string, libc: string): string | undefined {
  const [system, machine] = systemName.split(' ');
  const arch = machine === 'x86_64' || machine === 'amd64' ? 'x64' : archArm(machine);
  if (arch === undefined) return undefined;
  if (system === 'Linux') return `linux-${arch}${libc === 'musl' ? '-musl' : ''}`;
  return system === 'Darwin' ? `darwin-${arch}` : undefined;
}

function archArm(machine: string | undefined): string | undefined {
  return machine === 'aarch64' || machine === 'arm64' ? 'arm64' : undefined;
}

export function bundlePathOf(root: string, sha256: string): string {
  return `${root}/runner/${sha256}/runner.cjs`;
}

export function runtimePathOf(root: string, sha256: string): string {
  return `${root}/runtime/node-${sha256}/bin/node`;
}

/** An absolute path or one under `~`, as a shell word that the host resolves. */
function rootWord(root: string): string {
  if (root === '~') return '"$HOME"';
  return root.startsWith('~/') ? `"$HOME"/${shellQuote(root.slice(2))}` : shellQuote(root);
}

function probeScript(wanted: { readonly root: string; readonly bundleSha256: string }): string {
  return `
echo "system=$(uname -sm)"
echo "home=$HOME"
root=${rootWord(wanted.root)}
echo "root=$root"
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null)
echo "glibc=$glibc"
# A system with glibc may have the musl package too.
if [ -z "$glibc" ] && ls /lib/ld-musl-* >/dev/null 2>&1; then echo libc=musl; fi
echo "bits=$(getconf LONG_BIT 2>/dev/null)"
tools=
for tool in gzip tar curl wget; do if command -v $tool >/dev/null 2>&1; then tools="$tools $tool"; fi; done
echo "tools=$tools"
umask 077
trial="$root/.trial-$$"
if trouble=$( { mkdir -p "$root" && printf '#!/bin/sh\\nexit 0\\n' >"$trial" && chmod 700 "$trial"; } 2>&1); then
  if "$trial" >/dev/null 2>&1; then echo runs=yes; fi
else
  printf 'trouble=%s\\n' "$(printf '%s' "\${trouble:-it cannot be written}" | tr '\\n' ' ')"
fi
rm -f "$trial"
there=$root
while [ ! -d "$there" ] && [ "$there" != "\${there%/*}" ]; do there=\${there%/*}; done
echo "free=$(df -Pk "\${there:-/}" 2>/dev/null | tail -n 1 | while read -r _ _ _ free _; do echo "$free"; done)"
echo "inodes=$(df -Pi "\${there:-/}" 2>/dev/null | tail -n 1 | while read -r _ _ _ free _; do echo "$free"; done)"
digest() {
  [ -f "$root$1" ] || return 0
  if command -v sha256sum >/dev/null 2>&1; then set -- "$(sha256sum <"$root$1")"
  elif command -v shasum >/dev/null 2>&1; then set -- "$(shasum -a 256 <"$root$1")"
  else set -- "$(openssl dgst -sha256 -r <"$root$1")"; fi
  echo "\${1%% *}"
}
echo "bundle=$(digest ${shellQuote(bundlePathOf('', wanted.bundleSha256))})"
# Tidying looks at the time of the last use.
touch -c "$root"${shellQuote(bundlePathOf('', wanted.bundleSha256).replace(/\/runner\.cjs$/, ''))} 2>/dev/null
tried=0
limit=
if command -v timeout >/dev/null 2>&1; then limit='timeout 5'; fi
for node in "$(command -v node)" "$root"/runtime/node-*/bin/node /opt/homebrew/bin/node \\
  "$HOME"/.nvm/versions/node/*/bin/node "$HOME"/.volta/bin/node "$HOME"/.local/share/fnm/node-versions/*/installation/bin/node \\
  "$HOME"/.local/share/mise/installs/node/*/bin/node "$HOME"/miniconda3/bin/node "$HOME"/.local/bin/node; do
  case "$node" in /*) ;; *) continue ;; esac
  [ -x "$node" ] || continue
  case "$node" in "$root"/runtime/node-*)
    name=\${node#"$root"/runtime/node-}
    [ "$(digest "\${node#"$root"}")" = "\${name%%/*}" ] || continue
    touch -c "\${node%/bin/node}" 2>/dev/null ;;
  esac
  tried=$((tried + 1))
  [ "$tried" -le ${maxNodes} ] || break
  version=$($limit "$node" -p process.versions.node 2>/dev/null) || continue
  echo "node=$version $node"
  [ "\${version%%.*}" -ge ${minNodeMajor} ] 2>/dev/null && break
done
:`;
}
