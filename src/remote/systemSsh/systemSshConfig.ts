import { join } from 'node:path';
import { homeFolder, hostPartOf, type ResolvedHost } from '../config/resolvedHost';

/**
 * A configuration for `ssh -F` that means the person's own, but keeps to our rules for host keys: our store is read too
 * and is the only file written, and a changed key is refused even where the person's settings would take any.
 */
export function systemSshConfig(
  route: readonly ResolvedHost[],
  certifiedOnly: ReadonlySet<ResolvedHost>,
  places: { readonly knownHostsPath: string; readonly sshConfigPath: string | undefined },
): string {
  const hosts = route.flatMap((host) => [
    `Host ${hostPartOf(host.alias)}`,
    // The first file is the one that new keys are written to.
    `  UserKnownHostsFile ${[places.knownHostsPath, ...host.knownHostsFiles].map(quoted).join(' ')}`,
    '  HashKnownHosts no',
    '  UpdateHostKeys no',
    // Behind a certificate authority ssh would ask about a plain key as about any other.
    ...(certifiedOnly.has(host) ? ['  StrictHostKeyChecking yes'] : []),
    ...(host.hostKeyPolicy === 'no' ? ['  StrictHostKeyChecking accept-new'] : []),
  ]);
  const includes =
    places.sshConfigPath === undefined
      ? [join(homeFolder(), '.ssh', 'config'), systemConfigPath()]
      : [places.sshConfigPath];
  return [...hosts, 'Match all', ...includes.map((path) => `  Include "${path}"`), ''].join('\n');
}

function systemConfigPath(): string {
  return process.platform === 'win32'
    ? join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'ssh', 'ssh_config')
    : '/etc/ssh/ssh_config';
}

/** Percent signs stand for themselves: the paths have been expanded. */
function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}
