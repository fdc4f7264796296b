import { RemoteError } from '../hostClient';
import type { ResolvedHost } from '../config/resolvedHost';

/** Names a failure of the `ssh` program by what it said. */
export function systemSshError(host: ResolvedHost, stderr: string): RemoteError {
  const said = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^@+$/.test(line))
    .join(' ')
    .slice(-1_500);
  const message = `ssh ${host.alias}: ${said === '' ? 'it ended without a word' : said}`;
  const [, code, advice] =
    failures.find(([pattern]) => pattern.test(stderr)) ??
    // What is not understood is not tried again by itself: it may have been a refused login.
    ([
      /./,
      'unsupported-host',
      `Try "ssh ${host.alias}" in a terminal, where it says more with -v.`,
    ] as const);
  return new RemoteError(code, message, advice);
}

const failures: readonly (readonly [RegExp, RemoteError['code'], string])[] = [
  [
    /REMOTE HOST IDENTIFICATION HAS CHANGED|host key for .* has changed/i,
    'host-key-changed',
    'Someone may be listening, or the host was set up anew. Compare with its administrator; only if the new key is right, remove the old one from the file named above, then connect again.',
  ],
  [
    /REVOKED HOST KEY|marked as revoked/i,
    'host-key-revoked',
    'This key must not be trusted any more. Ask the administrator of the host for its new key.',
  ],
  [
    /Host key verification failed|No .* host key is known/i,
    'host-key-refused',
    'Add the key to a known_hosts file after comparing it with the administrator of the host.',
  ],
  [
    /Bad configuration option|terminating, \d+ bad|Bad owner or permissions|percent_expand|keyword .* extra arguments/i,
    'ssh-config',
    'Correct the named line of your SSH configuration; "ssh -G HOST" in a terminal shows the same.',
  ],
  [
    /Could not resolve hostname(?!.*Temporary failure)/i,
    'unknown-host',
    'Check the spelling of the host, or add it with a HostName to your SSH configuration.',
  ],
  [
    /Too many authentication failures/i,
    'authentication-failed',
    'Name the right IdentityFile for this host in your SSH configuration and set IdentitiesOnly yes.',
  ],
  [
    /Permission denied \(|Permission denied, please try again|No (?:more|supported) authentication methods|Authentication failed/i,
    'authentication-failed',
    'Check with "ssh" in a terminal which key, certificate or ticket is refused; certificates and tickets expire.',
  ],
  [
    /no matching .* found|Unable to negotiate/i,
    'unsupported-host',
    'Update the ssh program, or ask the administrator of the host to allow current algorithms.',
  ],
  [
    /administratively prohibited/i,
    'unsupported-host',
    'Ask the administrator of the jump host to allow forwarding (AllowTcpForwarding), or use another one.',
  ],
  [
    /: not found$|ENOENT/m,
    'ssh-config',
    'Install the OpenSSH client, or set the path of ssh in the settings (tttDiscover.ssh.path).',
  ],
  [
    /^\s*$|connection (?:refused|timed out|reset|closed|to .* closed)|timed out|no route to host|network is (?:unreachable|down)|host is down|not responding|broken pipe|no answer to the login|closed by remote host|received disconnect|temporary failure in name/i,
    'unreachable',
    'Check the network, the VPN, and that the host is up.',
  ],
];
