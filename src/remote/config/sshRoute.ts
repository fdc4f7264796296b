import type { Client } from 'ssh2';
import { RemoteError, type HostEnvironment } from '../hostClient';
import { cancelledError, lostError } from '../shell/markedRun';
import { expandProxyCommand, ProxyCommandSocket } from './proxyCommand';
import type { ResolvedHost } from './resolvedHost';
import type { Carrier } from '../ssh2/connectOnce';
import { openSshConnection, type Way } from '../ssh2/sshConnection';

type Needs = Pick<HostEnvironment, 'knownHostsPath' | 'prompts' | 'log' | 'trace'>;

/** `ProhibitedByPolicy` of RFC 4254, 5.1: the server does not want to forward at all. */
const isForbidden = (error: Error) => 'reason' in error && error.reason === 1;

/**
 * Opens the connection to the last host of a route, each hop through the one before it. Every hop is authenticated, and
 * its host key verified under its own name. The hops end with the connection. Rejects with a `RemoteError`; nothing stays
 * open then.
 * @param route as `resolveRoute` gives it.
 */
export async function openSshRoute(
  route: readonly ResolvedHost[],
  needs: Needs,
  signal: AbortSignal,
): Promise<Client> {
  const opened: Client[] = [];
  let way: Way | undefined;
  try {
    for (const host of route) {
      if (host !== route.at(-1))
        needs.log('info', `Connecting to ${host.alias}, on the way to ${route.at(-1)?.alias}`);
      if (opened.length === 0 && host.proxyCommand !== undefined)
        way = throughCommand(host, host.proxyCommand);
      const client = await openSshConnection(host, needs, signal, way);
      const before = opened.at(-1);
      // `destroy`, not `end`: a dead link would never take the farewell.
      client.on('close', () => before?.destroy());
      opened.push(client);
      const next = route[opened.length];
      if (next !== undefined) way = throughHop(client, host, next);
    }
    const last = opened.at(-1);
    if (last === undefined) throw new TypeError('A route has at least one host.');
    return last;
  } catch (error) {
    for (const client of opened.reverse()) client.destroy();
    throw error;
  }
}

function throughCommand(host: ResolvedHost, command: string): Way {
  return {
    via: `ProxyCommand ${expandProxyCommand(host, command)}`,
    open() {
      const socket = ProxyCommandSocket.start(host, command);
      // An error with nobody listening would end the whole process; ssh2 listens too.
      socket.on('error', () => undefined);
      return Promise.resolve({ socket, complaint: () => socket.complaint });
    },
  };
}

function throughHop(client: Client, hop: ResolvedHost, next: ResolvedHost): Way {
  return {
    via: hop.alias,
    open: (signal) =>
      new Promise<Carrier>((resolve, reject) => {
        const onAbort = () => reject(cancelledError());
        const onClose = () => reject(lostError(new Error(`${hop.alias} hung up`)));
        const settle = () => {
          signal.removeEventListener('abort', onAbort);
          client.off('close', onClose);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        client.once('close', onClose);
        try {
          client.forwardOut('127.0.0.1', 0, next.hostName, next.port, (error, channel) => {
            settle();
            if (error !== undefined) {
              reject(forwardError(hop, next, error));
              return;
            }
            channel.on('error', () => undefined);
            client.once('close', () => channel.destroy());
            if (signal.aborted) channel.destroy();
            resolve({ socket: channel });
          });
        } catch (cause) {
          // ssh2 throws at once after the connection has closed.
          settle();
          reject(lostError(cause));
        }
      }),
  };
}

function forwardError(hop: ResolvedHost, next: ResolvedHost, cause: Error): RemoteError {
  const what = `${hop.alias} cannot open a connection to ${next.hostName}:${next.port}: ${cause.message}`;
  return isForbidden(cause)
    ? new RemoteError(
        'unsupported-host',
        what,
        'Ask its administrator to allow forwarding (AllowTcpForwarding, PermitOpen), or use another jump host.',
        { cause },
      )
    : new RemoteError(
        'unreachable',
        what,
        `Check that ${next.alias} is up and that ${hop.alias} can reach it.`,
        {
          cause,
        },
      );
}
