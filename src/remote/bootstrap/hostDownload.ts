import { RemoteError } from '../hostClient';
import { runtimePathOf, type HostProbe } from './hostProbe';
import type { NodeRelease } from './nodeReleases';
import { shellQuote } from '../shell/shellQuote';
import type { Transport } from '../transport';
import { digestFunction, nodeSelfTest } from './uploadReceive';

const downloadTimeoutMs = 10 * 60_000;

/**
 * Lets the host itself download Node. The checksum is compared there before anything of the archive is used, and the
 * program is tried before it is published. Returns its path there. Rejects with a `RemoteError`: `no-runtime`, `lost`,
 * `cancelled`.
 */
export async function downloadNodeOnHost(
  transport: Transport,
  probe: HostProbe,
  release: NodeRelease,
  signal: AbortSignal,
): Promise<string> {
  const { stdout, stderr } = await transport.exec(downloadScript(probe, release), {
    timeoutMs: downloadTimeoutMs,
    signal,
  });
  const sha256 = /^done ([0-9a-f]{64})$/m.exec(stdout)?.[1];
  if (sha256 !== undefined) return runtimePathOf(probe.root, sha256);
  const stage = /^failed (\S+)(?: (.*))?$/m.exec(stdout);
  const said = stderr.trim().slice(-300);
  throw new RemoteError(
    'no-runtime',
    stage?.[1] === 'hash'
      ? `What the host downloaded from ${release.url} is not Node ${release.version}: its SHA-256 is ${stage[2] ?? ''}.`
      : `The host could not download Node (${stage?.[1] ?? 'no answer'})${said === '' ? '.' : `: ${said}`}`,
    'Set tttDiscover.remote.nodeDownload to "editor", so that it is downloaded here and uploaded.',
  );
}

function downloadScript(probe: HostProbe, release: NodeRelease): string {
  const url = shellQuote(release.url);
  return `
umask 077
root=${shellQuote(probe.root)}
${digestFunction.join('\n')}
stage="$root/runtime/.partial-$$"
tidy() { trap '' HUP INT TERM PIPE; rm -rf "$stage"; }
trap tidy EXIT
trap 'tidy; exit 129' HUP INT TERM PIPE
mkdir -p "$stage" || { echo failed write; exit 1; }
if command -v curl >/dev/null 2>&1; then curl -fsSL --max-time 540 -o "$stage/node.tar.gz" ${url}
else wget -q -O "$stage/node.tar.gz" ${url}; fi || { echo failed download; exit 1; }
sum=$(digest <"$stage/node.tar.gz")
if [ "$sum" != ${release.sha256} ]; then echo "failed hash $sum"; exit 1; fi
(cd "$stage" && tar -xzf node.tar.gz && mv */bin/node node) || { echo failed unpack; exit 1; }
set -- "$stage/node"
${nodeSelfTest} || { echo failed self-test; exit 1; }
sum=$(digest <"$stage/node")
mkdir -p "$root/runtime/node-$sum/bin" && mv -f "$stage/node" "$root/runtime/node-$sum/bin/node" || { echo failed write; exit 1; }
echo "done $sum"
`;
}
