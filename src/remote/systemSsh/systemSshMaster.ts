import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startAskpassBridge } from '../login/askpassBridge';
import { RemoteError, type HostEnvironment, type Progress } from '../hostClient';
import { cancelledError } from '../shell/markedRun';
import { PausableTimer } from '../login/pausableTimer';
import type { ResolvedHost } from '../config/resolvedHost';
import { systemSshConfig } from './systemSshConfig';
import { impatientError } from '../sshErrors';
import { systemSshError } from './systemSshErrors';
import { SystemSshPrompts } from './systemSshPrompts';
import { SystemSshWords } from './systemSshWords';
import { isCertifiedOnly } from '../transportChoice';

/** How sessions are opened once the host is logged in to. */
export interface SystemSsh {
  readonly host: ResolvedHost;
  /** Program, arguments before the remote command, and environment of one session. */
  readonly program: string;
  readonly sessionArgs: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether sessions share one authentication. Without, each is a connection and a login of its own. */
  readonly isShared: boolean;
  /** Whether the shared connection still stands, by asking the process that holds it; without one, true. */
  isAlive(): Promise<boolean>;
  /** Resolves when the shared connection has ended, with what ssh said. */
  readonly ended: Promise<RemoteError>;
  close(): Promise<void>;
}

interface Master {
  readonly child: ChildProcess;
  readonly ended: Promise<RemoteError>;
}

const loginTimeoutMs = 60_000;
/** Each but the first follows an answer for which the server did not wait. */
const maxCalls = 5;
const killGraceMs = 3_000;
const checkTimeoutMs = 5_000;
/** A socket's address holds 104 bytes on macOS, 108 on Linux; ssh adds 17 for the moment of its making. */
const maxFolderLength = 70;

/**
 * Keeps the connection of `ssh` for as long as its standard input is open: when the editor goes away, however it does,
 * so does the connection.
 */
const keepScript =
  'exec 3<&0; "$@" </dev/null 3<&- & p=$!; { cat <&3 >/dev/null; kill "$p" 2>/dev/null; } & wait "$p"; c=$?; exec 3<&-; exit "$c"';

/**
 * Logs in with the `ssh` program. Where it can (not on Windows), one connection is opened that all sessions share
 * (ControlMaster). Rejects with a `RemoteError`; nothing stays open then.
 */
export async function openSystemSsh(
  route: readonly ResolvedHost[],
  environment: Pick<
    HostEnvironment,
    'sshPath' | 'sshConfigPath' | 'knownHostsPath' | 'localNode' | 'prompts' | 'log' | 'trace'
  >,
  signal: AbortSignal,
  options: {
    /** Whether sessions share one connection; by default where this system's ssh can. */
    readonly isShared?: boolean;
    readonly progress?: Progress;
  } = {},
): Promise<SystemSsh> {
  const isShared = options.isShared ?? process.platform !== 'win32';
  const host = route.at(-1);
  if (host === undefined) throw new TypeError('A route has at least one host.');
  if (signal.aborted) throw cancelledError();
  const folder = await mkdtemp(join(tmpdir().length > maxFolderLength ? '/tmp' : tmpdir(), 'ttt-ssh-'));
  const timer = new PausableTimer();
  let giveUp: (error: RemoteError) => void = () => undefined;
  const prompts = new SystemSshPrompts(route, environment, {
    onPrompt: (isOpen) => (isOpen ? timer.pause() : timer.resume()),
    giveUp: (error) => giveUp(error),
    announce: options.progress ?? ((message) => environment.log('warn', message)),
  });
  const bridge = await startAskpassBridge(folder, environment.localNode, prompts.answer);
  const clean = async () => {
    await bridge.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const configPath = join(folder, 'config');
    const socketPath = join(folder, 'mux');
    const certifiedOnly = new Set<ResolvedHost>();
    for (const hop of route)
      if (await isCertifiedOnly(hop, environment.knownHostsPath)) certifiedOnly.add(hop);
    await writeFile(configPath, systemSshConfig(route, certifiedOnly, environment), { mode: 0o600 });
    await mkdir(dirname(environment.knownHostsPath), { recursive: true, mode: 0o700 });
    const env = { ...process.env, ...bridge.env };
    const common = [
      '-T',
      '-x',
      '-a',
      '-e',
      'none',
      '-o',
      'RemoteCommand=none',
      '-o',
      'PermitLocalCommand=no',
    ];
    const connection = [
      ...['-F', configPath, ...common, '-o', 'ClearAllForwardings=yes', '-o', 'ControlPersist=no'],
      ...['-o', `ServerAliveInterval=${Math.round(host.keepaliveIntervalMs / 1000)}`],
      ...['-o', `ServerAliveCountMax=${host.keepaliveCountMax}`],
      ...['-o', `ConnectTimeout=${Math.ceil(host.connectTimeoutMs / 1000)}`],
    ];
    if (!isShared) {
      return {
        host,
        program: environment.sshPath,
        sessionArgs: [...connection, '-o', 'LogLevel=INFO', '-S', 'none', '--', host.alias],
        env,
        isShared,
        isAlive: () => Promise.resolve(true),
        ended: new Promise(() => undefined),
        close: clean,
      };
    }
    // More words for the sake of the algorithms among them; they are told apart from its messages.
    const said = ['-o', 'LogLevel=DEBUG1'];
    const call = [
      environment.sshPath,
      ...connection,
      ...said,
      '-M',
      '-S',
      socketPath,
      '-N',
      '--',
      host.alias,
    ];
    const master = await logIn(call, socketPath, env, host);
    return {
      host,
      program: environment.sshPath,
      sessionArgs: [
        // Over the shared connection alone: where it has gone, ssh would log in again in silence.
        ...['-F', '/dev/null', ...common, '-S', socketPath, '-o', 'ControlMaster=no', '-o', 'BatchMode=yes'],
        ...['-o', 'ProxyCommand=false', '-o', 'LogLevel=INFO', '--', 'host'],
      ],
      env: { ...process.env },
      isShared,
      isAlive: () => answersCheck(environment.sshPath, socketPath),
      ended: master.ended,
      close: () => closeMaster(master.child).then(clean),
    };
  } catch (error) {
    await clean();
    throw error;
  }

  async function logIn(
    call: readonly string[],
    socketPath: string,
    env: Readonly<Record<string, string | undefined>>,
    to: ResolvedHost,
  ): Promise<Master> {
    for (let calls = 1; ; calls++) {
      // Away from the terminal that the editor may have been started in: ssh would ask there.
      const options = { env, stdio: ['pipe', 'ignore', 'pipe'] as StdioOptions, detached: true };
      const child = spawn('/bin/sh', ['-c', keepScript, 'sh', ...call], options);
      const master = { child, ended: endOf(child, to, environment) };
      try {
        giveUp = await untilListening(master, socketPath, to, timer, signal);
        prompts.forget();
        return master;
      } catch (error) {
        if (!(error instanceof RemoteError) || !error.isTransient || !prompts.repeat()) throw error;
        // The server lost its patience with a person who was still typing: it is called again with the answer.
        if (calls === maxCalls) throw impatientError(to, error);
      }
    }
  }

  /** Waits for the login. Returns what to do with a question that is cancelled later, such as a re-keying's. */
  async function untilListening(
    master: Master,
    socketPath: string,
    to: ResolvedHost,
    deadline: PausableTimer,
    cancel: AbortSignal,
  ): Promise<(error: RemoteError) => void> {
    const watcher = watch(folder);
    let onAbort: (() => void) | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const look = () => {
          if (existsSync(socketPath)) resolve();
        };
        watcher.on('change', look);
        watcher.on('error', reject);
        look();
        giveUp = reject;
        onAbort = () => reject(cancelledError());
        cancel.addEventListener('abort', onAbort, { once: true });
        const waitMs = to.connectTimeoutMs + loginTimeoutMs;
        deadline.start(waitMs, () =>
          reject(systemSshError(to, `no answer to the login in ${Math.round(waitMs / 1000)} s`)),
        );
        void master.ended.then(reject);
      });
    } catch (error) {
      await closeMaster(master.child);
      throw error;
    } finally {
      deadline.stop();
      watcher.close();
      if (onAbort !== undefined) cancel.removeEventListener('abort', onAbort);
    }
    return () => void closeMaster(master.child);
  }
}

function endOf(
  child: ChildProcess,
  host: ResolvedHost,
  environment: Pick<HostEnvironment, 'log' | 'trace'>,
): Promise<RemoteError> {
  const words = new SystemSshWords(host.alias, environment);
  child.stderr?.setEncoding('utf8').on('data', (text: string) => words.add(text));
  child.stdin?.on('error', () => undefined);
  return new Promise((resolve) => {
    child.once('error', (cause) => resolve(systemSshError(host, cause.message)));
    child.once('exit', () => {
      // What it said last may still be on its way; the pipe's end comes when no process holds it any more.
      const done = () => resolve(systemSshError(host, words.end()));
      if (child.stderr === null || child.stderr.readableEnded) done();
      else {
        child.stderr.once('close', done);
        setTimeout(done, 500).unref();
      }
    });
  });
}

function answersCheck(program: string, socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const args = ['-F', '/dev/null', '-S', socketPath, '-O', 'check', '--', 'host'];
    execFile(program, args, { timeout: checkTimeoutMs }, (error) => resolve(error === null));
  });
}

async function closeMaster(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const { pid } = child;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.destroy();
  const force = setTimeout(() => signalGroup(pid), killGraceMs);
  await exited;
  clearTimeout(force);
}

function signalGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
