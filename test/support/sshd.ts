import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SshdOptions {
  /** A login shell to stand between client and command, by absolute path; without it the account's own. */
  readonly shell?: string;
  /** Environment of the sessions, besides `HOME` and `PATH`. */
  readonly env?: Readonly<Record<string, string>>;
  /** Lines of sshd_config, before ours. */
  readonly config?: readonly string[];
  /** The files of a host key to use instead of a fresh one. */
  readonly hostKey?: string;
  readonly port?: number;
  /** Extra lines for the host's entry in the client's configuration. */
  readonly clientConfig?: readonly string[];
  /** Runs sshd under this program, for example `prlimit`. */
  readonly wrapper?: readonly string[];
  readonly path?: string;
}

/** A real sshd on loopback with a home folder of its own; nothing of the account's own configuration is used. */
export interface Sshd {
  readonly port: number;
  readonly alias: string;
  /** For `ssh -F`: `alias` reaches this server with a key that it accepts. */
  readonly sshConfigPath: string;
  readonly knownHostsPath: string;
  /** `SHA256:…` */
  readonly hostKeyFingerprint: string;
  readonly hostKeyPath: string;
  /** The accepted private key. */
  readonly identityPath: string;
  readonly home: string;
  readonly folder: string;
  log(): Promise<string>;
  /** Processes of the connections, one each or two, and the children that run in them. */
  sessions(): Promise<readonly SessionProcess[]>;
  /** Ends the listener at once, as a crash would; connections stand. */
  killListener(): Promise<void>;
  /** Listens on the same port again, with the same key and settings. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface SessionProcess {
  readonly pid: number;
  /** As the kernel names it: `sshd` for what serves a connection. */
  readonly name: string;
}

/** Makes a key pair. Returns the path of the private half. */
export async function makeKey(path: string, type = 'ed25519', passphrase = ''): Promise<string> {
  await run('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', path]);
  return path;
}

export async function fingerprintOfFile(publicKeyPath: string): Promise<string> {
  const { stdout } = await run('ssh-keygen', ['-lf', publicKeyPath]);
  return stdout.split(' ')[1]!;
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'ttt-sshd-'));
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  const hostKeyPath = options.hostKey ?? (await makeKey(join(folder, 'host_key')));
  const identityPath = await makeKey(join(folder, 'identity'));
  await writeFile(join(folder, 'authorized_keys'), await readFile(`${identityPath}.pub`), { mode: 0o600 });
  // As root sshd insists on its folder for unprivileged children.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });

  const env = {
    HOME: home,
    PATH: options.path ?? '/usr/local/bin:/usr/bin:/bin',
    ...options.env,
  };
  let running = await listen(folder, options, hostKeyPath, env);
  const { port } = running;
  /** What an earlier listener left running: no longer its children. */
  const orphans: number[] = [];
  const alias = 'loopback';
  const sshConfigPath = join(folder, 'ssh_config');
  const knownHostsPath = join(folder, 'user_known_hosts');
  await writeFile(
    sshConfigPath,
    [
      `Host ${alias}`,
      ...(options.clientConfig ?? []),
      `  HostName 127.0.0.1`,
      `  Port ${port}`,
      `  User ${userInfo().username}`,
      `  IdentityFile ${identityPath}`,
      `  IdentityAgent none`,
      `  UserKnownHostsFile ${knownHostsPath}`,
      `  GlobalKnownHostsFile /dev/null`,
      '',
    ].join('\n'),
  );
  return {
    port,
    alias,
    sshConfigPath,
    knownHostsPath,
    hostKeyFingerprint: await fingerprintOfFile(`${hostKeyPath}.pub`),
    hostKeyPath,
    identityPath,
    home,
    folder,
    log: () => readFile(running.log, 'utf8'),
    async sessions() {
      const below = await Promise.all([running.child.pid ?? 0, ...orphans].map(descendants));
      const named = [...orphans, ...below.flat()].map(async (pid) => ({ pid, name: await nameOf(pid) }));
      return (await Promise.all(named)).filter(({ name }) => name !== '');
    },
    async killListener() {
      const exited = new Promise((resolve) => running.child.once('exit', resolve));
      orphans.push(...(await childrenOf(running.child.pid ?? 0)));
      running.child.kill('SIGKILL');
      await exited;
    },
    async restart() {
      running = await listen(folder, { ...options, port }, hostKeyPath, env);
    },
    async stop() {
      await stopTree(running.child, orphans);
      await chmod(home, 0o700);
      // What ran there may still be writing its last.
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Listening {
  readonly log: string;
  readonly child: ChildProcess;
  readonly port: number;
}

async function listen(
  folder: string,
  options: SshdOptions,
  hostKeyPath: string,
  env: Readonly<Record<string, string>>,
): Promise<Listening> {
  // Another process may take a free port between our look and sshd's bind; then another one is tried.
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const log = join(folder, `sshd-${attempt}.log`);
    const config = join(folder, `sshd-${attempt}.conf`);
    await writeFile(
      config,
      [
        ...(options.config ?? []),
        `Port ${port}`,
        'ListenAddress 127.0.0.1',
        `HostKey ${hostKeyPath}`,
        'PidFile none',
        `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
        'StrictModes no',
        'UsePAM no',
        'PermitRootLogin yes',
        'PasswordAuthentication no',
        'KbdInteractiveAuthentication no',
        'PrintMotd no',
        ...(options.config?.some((line) => line.startsWith('Subsystem ')) === true
          ? []
          : ['Subsystem sftp internal-sftp']),
        `SetEnv ${Object.entries(env)
          .map(([name, value]) => `"${name}=${value}"`)
          .join(' ')}`,
        // The account's shell runs the named one just as sshd runs a login shell.
        ...(options.shell === undefined
          ? []
          : [`ForceCommand exec ${options.shell} -c "$SSH_ORIGINAL_COMMAND"`]),
        '',
      ].join('\n'),
    );
    const [program, ...args] = [...(options.wrapper ?? []), '/usr/sbin/sshd', '-D', '-f', config, '-E', log];
    const child = spawn(program, args, { stdio: 'ignore' });
    if (await isListening(child, port)) return { log, child, port };
    if (options.port !== undefined || attempt === 5) {
      throw new Error(`sshd did not start: ${await readFile(log, 'utf8').catch(() => 'no log')}`);
    }
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

/** Asks again until the port answers or the server has ended; a minute at most. */
function isListening(child: ChildProcess, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const deadlineMs = performance.now() + 60_000;
    let ended = false;
    child.once('exit', () => (ended = true));
    child.once('error', () => (ended = true));
    const ask = () => {
      if (ended || performance.now() > deadlineMs) {
        resolve(false);
        return;
      }
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(!ended);
      });
      socket.once('error', () => {
        socket.destroy();
        setTimeout(ask, 20);
      });
    };
    ask();
  });
}

/** Ends the listener and the sessions it has forked: they are its children, but for those of a listener that was killed. */
async function stopTree(child: ChildProcess, orphans: readonly number[]): Promise<void> {
  const listener = child.exitCode === null && child.signalCode === null ? child.pid : undefined;
  const alive: number[] = [];
  // Its number may be another's by now.
  for (const pid of orphans) if ((await nameOf(pid)) === 'sshd') alive.push(pid);
  const roots = [...(listener === undefined ? [] : [listener]), ...alive];
  const pids = (await Promise.all(roots.map(descendants))).flat();
  const exited = listener !== undefined ? new Promise((resolve) => child.once('exit', resolve)) : undefined;
  for (const pid of [...roots, ...pids]) {
    // A frozen process takes its end only when it is thawed.
    for (const signal of ['SIGTERM', 'SIGCONT'] as const) signalIfThere(pid, signal);
  }
  await exited;
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

async function descendants(pid: number): Promise<number[]> {
  const parents = await allParents();
  const visit = (parent: number): number[] =>
    (parents.get(parent) ?? []).flatMap((child) => [child, ...visit(child)]);
  return visit(pid);
}

async function childrenOf(pid: number): Promise<number[]> {
  return (await allParents()).get(pid) ?? [];
}

/** The children of every process, without those that have ended and are only not yet reaped. */
async function allParents(): Promise<Map<number, number[]>> {
  const children = new Map<number, number[]>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const status = await statusOf(Number(name));
    if (/^State:\s+[ZX]/m.test(status)) continue;
    const parent = Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

async function nameOf(pid: number): Promise<string> {
  return /^Name:\s*(.*)$/m.exec(await statusOf(pid))?.[1] ?? '';
}

/** A process may end between the listing and the look at it. */
function statusOf(pid: number): Promise<string> {
  return readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
}
