import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { endSessions } from './endSessions';
import { startSshd, type Sshd, type SshdOptions } from '../../support/sshd';
import { startTcpProxy, type TcpProxy } from '../../support/tcpProxy';

/** A real sshd on loopback that the editor reaches through a relay whose connections a test can cut. */
export interface SshHost {
  readonly sshd: Sshd;
  readonly link: TcpProxy;
  readonly alias: string;
  /** `SHA256:…`, as `ssh-keygen -lf` prints it. */
  readonly fingerprint: string;
  /** Editor settings with which the host is found. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** The folder on the host that sessions lie in. */
  readonly sessionsFolder: string;
  stop(): Promise<void>;
}

export async function startSshHost(options: SshdOptions = {}): Promise<SshHost> {
  let serverPort = 0;
  const link = await startTcpProxy({ port: () => serverPort });
  // The first value that ssh reads counts, so this port wins over the server's own.
  const sshd = await startSshd({
    ...options,
    clientConfig: [...(options.clientConfig ?? []), `  Port ${link.port}`],
  });
  serverPort = sshd.port;
  const root = join(sshd.home, 'discover');
  await mkdir(root);
  return {
    sshd,
    link,
    alias: sshd.alias,
    fingerprint: sshd.hostKeyFingerprint,
    settings: { 'tttDiscover.ssh.configFile': sshd.sshConfigPath, 'tttDiscover.remote.root': root },
    sessionsFolder: join(root, 'sessions'),
    stop: async () => {
      await endSessions(root);
      await link.close();
      await sshd.stop();
    },
  };
}

export interface JournalLine {
  readonly seq: number;
  readonly event: { readonly type: string };
}

/** The journal of a session in its folder on the host, every segment in order. */
export async function hostJournal(sessionFolder: string): Promise<JournalLine[]> {
  const folder = join(sessionFolder, 'journal');
  const segments = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(segments.map((name) => readFile(join(folder, name), 'utf8')));
  return parseLines(texts.join(''));
}

/** The editor's copy of a journal. */
export async function cachedJournal(extensionStorage: string, sessionId: string): Promise<JournalLine[]> {
  return parseLines(await readFile(join(extensionStorage, 'sessions', sessionId, 'journal.jsonl'), 'utf8'));
}

/** The lines that are whole: of a session at work the last one may still be being written. */
function parseLines(text: string): JournalLine[] {
  return text
    .split('\n')
    .slice(0, -1)
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine);
}
