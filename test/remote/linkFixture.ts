import { readFile, writeFile } from 'node:fs/promises';
import type { AttachTimes } from '../../src/remote/attach/attachment';
import { connectHost } from '../../src/remote/connectHost';
import type { AttachmentListener, HostClient } from '../../src/remote/hostClient';
import type { Sshd, SshdOptions } from '../support/sshd';
import { startTcpProxy, type TcpProxy } from '../support/tcpProxy';
import type { Cleanups } from './cleanups';
import { environmentFor, never } from './hostFixture';

/** Which program speaks SSH: the built-in client or `ssh`. */
export type SshClient = 'ssh2' | 'system';

export interface RelayedServer {
  readonly sshd: Sshd;
  readonly proxy: TcpProxy;
  /** Ends with the test. */
  connect(client: SshClient, options?: ConnectOptions): Promise<HostClient>;
}

interface ConnectOptions {
  readonly signal?: AbortSignal;
  readonly attachTimes?: AttachTimes;
}

/** Soon told as lost; but not while a busy machine only lets the other side wait. */
export const quick: AttachTimes = { pingEveryMs: 100, pingTimeoutMs: 2_000, requestTimeoutMs: 30_000 };

/** A relay before a server: the client's configuration goes through it from now on. */
export async function relayTo(
  sshd: Sshd,
  link: Omit<Parameters<typeof startTcpProxy>[0], 'port'> = {},
): Promise<TcpProxy> {
  const proxy = await startTcpProxy({ port: sshd.port, ...link });
  const config = await readFile(sshd.sshConfigPath, 'utf8');
  await writeFile(sshd.sshConfigPath, config.replace(`Port ${sshd.port}`, `Port ${proxy.port}`));
  return proxy;
}

/** A server behind a relay, whose key is known. */
export async function relayedServer(
  cleanups: Cleanups,
  link: Omit<Parameters<typeof startTcpProxy>[0], 'port'> = {},
  options: SshdOptions = {},
): Promise<RelayedServer> {
  const sshd = await cleanups.server(options);
  const proxy = await relayTo(sshd, link);
  cleanups.push(() => proxy.close());
  const key = (await readFile(`${sshd.hostKeyPath}.pub`, 'utf8')).trim();
  await writeFile(sshd.knownHostsPath, `[127.0.0.1]:${proxy.port} ${key}\n`);
  return {
    sshd,
    proxy,
    async connect(sshTransport, { signal = never, ...times } = {}) {
      const environment = { ...environmentFor(sshd), sshTransport };
      const client = await connectHost({ kind: 'ssh', alias: sshd.alias }, environment, signal, times);
      cleanups.push(() => client.close());
      return client;
    },
  };
}

/** A listener that tells when contact is lost. */
export function untilLost(): { readonly listener: AttachmentListener; readonly lost: Promise<Error> } {
  let onLost: (reason: Error) => void = () => undefined;
  const lost = new Promise<Error>((resolve) => (onLost = resolve));
  return { listener: { onEntries: () => undefined, onVerdict: () => undefined, onLost }, lost };
}
