import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import type { AuthContext, Connection } from 'ssh2';
import { makeKey, type SshdOptions } from './sshd';

const run = promisify(execFile);

/** An SSH server in this process whose login a test decides, step by step. It runs no commands. */
export interface LoginServer {
  readonly port: number;
  readonly folder: string;
  readonly sshConfigPath: string;
  readonly alias: string;
  readonly identityPath: string;
  /** Methods in the order in which they were tried, over all connections. */
  readonly tried: string[];
  readonly connections: number;
  readonly openConnections: number;
  readonly logins: number;
  hangUp(): void;
  close(): Promise<void>;
}

export async function startLoginServer(
  decide: (context: AuthContext) => void,
  clientConfig: readonly string[] = [],
): Promise<LoginServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ttt-login-'));
  const hostKey = await makeKey(join(folder, 'host_key'));
  const identityPath = await makeKey(join(folder, 'identity'));
  const open = new Set<Connection>();
  const tried: string[] = [];
  let connections = 0;
  let logins = 0;
  const server = new ssh2.Server({ hostKeys: [await readFile(hostKey)] }, (client) => {
    connections++;
    open.add(client);
    client.on('error', () => undefined);
    client.on('close', () => open.delete(client));
    client.on('ready', () => logins++);
    client.on('authentication', (context) => {
      tried.push(context.method);
      decide(context);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const sshConfigPath = join(folder, 'ssh_config');
  await writeFile(
    sshConfigPath,
    [
      'Host login',
      ...clientConfig,
      '  HostName 127.0.0.1',
      `  Port ${address.port}`,
      '  User ada',
      `  IdentityFile ${identityPath}`,
      '  IdentityAgent none',
      '  UserKnownHostsFile /dev/null',
      '  GlobalKnownHostsFile /dev/null',
      '  StrictHostKeyChecking no',
      '',
    ].join('\n'),
  );
  return {
    port: address.port,
    folder,
    sshConfigPath,
    alias: 'login',
    identityPath,
    tried,
    get connections() {
      return connections;
    },
    get openConnections() {
      return open.size;
    },
    get logins() {
      return logins;
    },
    hangUp() {
      for (const client of open) client.end();
    },
    async close() {
      for (const client of open) client.end();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Whether the given account can have another password for one server alone, which needs a mount of one's own. */
export async function canChangePasswords(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false;
  return run('unshare', ['-m', 'true']).then(
    () => true,
    () => false,
  );
}

/** Runs a server with this password for this account, which nothing else on the machine sees. */
export async function withPassword(password: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'ttt-shadow-'));
  const path = join(folder, 'shadow');
  const { stdout } = await run('openssl', ['passwd', '-6', password]);
  const shadow = await readFile('/etc/shadow', 'utf8');
  await writeFile(
    path,
    shadow.replace(/^root:[^:]*:/m, () => `root:${stdout.trim()}:`),
    { mode: 0o600 },
  );
  return [
    'unshare',
    '-m',
    'sh',
    '-c',
    `mount --bind '${path}' /etc/shadow && rm -r '${folder}' && exec "$@"`,
    'sh',
  ];
}

/**
 * Options under which the account has this login shell. With a mount of its own the server reads it from the list of
 * accounts, as everywhere; without, the account's own shell runs the named one.
 */
export async function withLoginShell(shell: string): Promise<SshdOptions> {
  if (!(await canChangePasswords())) return { shell };
  const folder = await mkdtemp(join(tmpdir(), 'ttt-passwd-'));
  const path = join(folder, 'passwd');
  const passwd = await readFile('/etc/passwd', 'utf8');
  await writeFile(
    path,
    passwd.replace(/^(root:.*:)[^:\n]*$/m, (_line, rest: string) => rest + shell),
  );
  const script = `mount --bind '${path}' /etc/passwd && rm -r '${folder}' && exec "$@"`;
  return { wrapper: ['unshare', '-m', 'sh', '-c', script, 'sh'] };
}
