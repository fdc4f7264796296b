import { HostCertificateNeeded } from './hostKeys/hostKeyVerifier';
import { RemoteError, type HostEnvironment, type Progress } from './hostClient';
import type { ResolvedHost } from './config/resolvedHost';
import { createSsh2Transport } from './ssh2/ssh2Transport';
import { resolveRoute } from './config/sshConfig';
import { openSshRoute } from './config/sshRoute';
import { openSystemSsh } from './systemSsh/systemSshMaster';
import { createSystemSshTransport } from './systemSsh/systemSshTransport';
import type { Transport } from './transport';
import { reasonForSystemSsh } from './transportChoice';

export interface OpenedTransport {
  readonly transport: Transport;
  /** How the host is reached, for tooltips and diagnostics. */
  readonly description: string;
}

/**
 * Connects to a host of the SSH configuration and logs in: with the built-in client, or with the `ssh` program where that
 * is set or needed. Rejects with a `RemoteError`; nothing stays open then.
 */
export async function openSshTransport(
  alias: string,
  environment: HostEnvironment,
  signal: AbortSignal,
  progress: Progress,
): Promise<OpenedTransport> {
  const route = await resolveRoute(alias, environment);
  const setting = environment.sshTransport ?? 'auto';
  const reason =
    setting === 'system'
      ? 'the settings say so'
      : await reasonForSystemSsh(route, environment.knownHostsPath);
  if (reason !== undefined) {
    if (setting !== 'ssh2') return openWithProgram(route, reason, environment, signal, progress);
    refuseUnsupported(route, reason);
  }
  progress(`Connecting to ${alias}`);
  environment.log(
    'info',
    `Reaching ${describeRoute(route)} with the built-in client: ${setting === 'ssh2' ? 'the settings say so' : 'nothing here needs the ssh program'}`,
  );
  try {
    const client = await openSshRoute(route, environment, signal);
    return { transport: createSsh2Transport(client), description: describeRoute(route) };
  } catch (error) {
    const needed = setting === 'ssh2' ? undefined : reasonInFailure(error);
    if (needed === undefined) throw error;
    return openWithProgram(route, needed, environment, signal, progress);
  }
}

async function openWithProgram(
  route: readonly ResolvedHost[],
  reason: string,
  environment: HostEnvironment,
  signal: AbortSignal,
  progress: Progress,
): Promise<OpenedTransport> {
  progress(`Connecting to ${route.at(-1)?.alias} with the ssh program: ${reason}`);
  environment.log('info', `Reaching ${describeRoute(route)} with the ssh program: ${reason}`);
  const ssh = await openSystemSsh(route, environment, signal, { progress });
  return {
    transport: createSystemSshTransport(ssh),
    description: `${describeRoute(route)} with the ssh program (${reason})`,
  };
}

/** Failures before anything was authenticated, which `ssh` may not have. */
function reasonInFailure(error: unknown): string | undefined {
  if (error instanceof HostCertificateNeeded) return 'its host key is known by a certificate authority';
  const said = error instanceof RemoteError && error.cause instanceof Error ? error.cause.message : '';
  return /no matching/i.test(said) ? 'the built-in client has no algorithm in common with it' : undefined;
}

function describeRoute(route: readonly ResolvedHost[]): string {
  const host = route.at(-1);
  if (host === undefined) return '';
  const hops = route.slice(0, -1).map((hop) => hop.alias);
  const command = route[0]?.proxyCommand === undefined ? [] : ['a ProxyCommand'];
  const via = [...command, ...hops];
  return `${host.user}@${host.hostName}:${host.port}${via.length === 0 ? '' : ` through ${via.join(', ')}`}`;
}

/** With the built-in client forced, what would reach another host than meant is refused; a key left out is not. */
function refuseUnsupported(route: readonly ResolvedHost[], reason: string): void {
  const host = route.find(({ onlyForSsh }) => onlyForSsh.length > 0);
  if (host === undefined) return;
  throw new RemoteError(
    'unsupported-host',
    `The built-in SSH client cannot reach ${host.alias} as its configuration says: ${reason}.`,
    'Set tttDiscover.remote.transport to "auto" or "system".',
  );
}
