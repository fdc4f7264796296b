import { RemoteError } from './hostClient';
import type { ResolvedHost } from './config/resolvedHost';

/** Names a failure to connect or log in, from what ssh2 or the socket said. */
export function connectionError(host: ResolvedHost, cause: Error, complaint?: string): RemoteError {
  const where =
    host.alias === host.hostName
      ? `${host.hostName}:${host.port}`
      : `${host.alias} (${host.hostName}:${host.port})`;
  const code = 'code' in cause ? cause.code : undefined;
  const message =
    complaint === undefined ? cause.message : `${cause.message}; its ProxyCommand: ${complaint}`;
  if (code === 'ENOTFOUND') {
    return new RemoteError(
      'unknown-host',
      `The host ${host.hostName} cannot be found.`,
      `Check the spelling of "${host.alias}", or add it with a HostName to your SSH configuration.`,
      { cause },
    );
  }
  if (/too many authentication failures/i.test(message)) {
    return new RemoteError(
      'authentication-failed',
      `${where} ended the login: too many keys were offered.`,
      'Name the right IdentityFile for this host in your SSH configuration and set IdentitiesOnly yes.',
      { cause },
    );
  }
  if (/no matching/i.test(message)) {
    return new RemoteError(
      'unsupported-host',
      `${where} and this editor have no algorithm in common: ${message}`,
      'Ask its administrator to allow a current key exchange (curve25519-sha256), host key (ssh-ed25519) and cipher (aes-gcm or aes-ctr).',
      { cause },
    );
  }
  if (/invalid identification|bad packet length|packet length .* exceeds/i.test(message)) {
    return new RemoteError(
      'unsupported-host',
      `What answers at ${where} is not an SSH server: ${message}`,
      'Check HostName and Port in your SSH configuration.',
      { cause },
    );
  }
  return new RemoteError('unreachable', `${where} cannot be reached: ${message}`, reachAdvice(code), {
    cause,
  });
}

function reachAdvice(code: unknown): string {
  if (process.platform === 'darwin' && (code === 'EHOSTUNREACH' || code === 'ENETUNREACH')) {
    return 'Allow the editor under System Settings, Privacy & Security, Local Network, or check the network.';
  }
  switch (code) {
    case 'ECONNREFUSED':
      return 'Nothing listens on that port: check that the SSH server runs, and HostName and Port in your SSH configuration.';
    case 'EAI_AGAIN':
      return 'Names cannot be looked up now: check the network or the VPN.';
    default:
      return 'Check the network, the VPN, and that the host is up.';
  }
}

/** The host refuses a session on a connection that it has accepted. */
export function tooFewSessionsError(said: string, cause: unknown): RemoteError {
  return new RemoteError(
    'unreachable',
    `The host allows no further session on this connection: ${said}`,
    'Close other windows on this host, or raise MaxSessions in its sshd_config.',
    { cause },
  );
}

/** Hung up on a person again and again, who types as people do. */
export function impatientError(host: ResolvedHost, cause: unknown): RemoteError {
  return new RemoteError(
    'authentication-failed',
    `${host.alias} did not wait for the answers to its questions and hung up.`,
    'Have the passwords and codes at hand and connect again; its administrator can raise LoginGraceTime.',
    { cause },
  );
}
