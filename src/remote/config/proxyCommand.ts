import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { Duplex } from 'node:stream';
import { RemoteError } from '../hostClient';
import { hostPartOf, type ResolvedHost } from './resolvedHost';

const maxStderrBytes = 4_096;
const killGraceMs = 3_000;
const exitGraceMs = 1_000;

/** The command with `%h`, `%n`, `%p`, `%r` and `%%` replaced. Throws a `RemoteError` where a name would change the command. */
export function expandProxyCommand(host: ResolvedHost, command: string): string {
  const tokens: Readonly<Record<string, string>> = {
    '%': '%',
    h: host.hostName,
    n: hostPartOf(host.alias),
    p: String(host.port),
    r: host.user,
  };
  for (const name of [host.hostName, tokens['n'] ?? '', host.user]) {
    // The command goes through a shell; as ssh does, a name that the shell would read as more is refused.
    if (/[\s'"`$\\;&<>|(){}\0]/.test(name) || name.startsWith('-')) {
      throw new RemoteError(
        'ssh-config',
        `The name ${JSON.stringify(name)} cannot stand in the ProxyCommand of ${host.alias}.`,
        'Use names of plain letters, digits, dots, dashes and underscores.',
      );
    }
  }
  return command.replace(/%(.)/g, (whole, token: string) => tokens[token] ?? whole);
}

/** The standard streams of a ProxyCommand as one connection. */
export class ProxyCommandSocket extends Duplex {
  private stderr = '';
  private exit: string | undefined;
  private hasFailed = false;

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    readonly command: string,
  ) {
    super();
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    // How it ended is to be known when the end is noticed; a command that lives on without output is at its end too.
    child.stdout.on('end', () => {
      if (this.exit !== undefined || this.hasFailed) return void this.push(null);
      const cap = setTimeout(() => this.push(null), exitGraceMs);
      child.once('exit', () => {
        clearTimeout(cap);
        this.push(null);
      });
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString('utf8')).slice(-maxStderrBytes);
    });
    this.once('end', () => this.destroy());
    // A command that ended takes no more input; its end, which follows, says so.
    child.stdin.on('error', () => undefined);
    child.once('error', (error) => {
      this.hasFailed = true;
      this.destroy(error);
    });
    child.once('exit', (code, signal) => {
      if (this.destroyed) return;
      this.exit = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
    });
  }

  /** Starts the command as ssh does: in the account's shell, which it replaces. */
  static start(host: ResolvedHost, command: string): ProxyCommandSocket {
    const expanded = expandProxyCommand(host, command);
    const child =
      process.platform === 'win32'
        ? spawn(expanded, { shell: true, stdio: 'pipe', windowsHide: true })
        : spawn(process.env['SHELL'] ?? '/bin/sh', ['-c', `exec ${expanded}`], { stdio: 'pipe' });
    return new ProxyCommandSocket(child, expanded);
  }

  /** How the command ended and what it said, once it has; for the message of a failed connection. */
  get complaint(): string | undefined {
    const said = this.stderr.trim();
    if (this.exit === undefined && said === '') return undefined;
    return [this.exit, said].filter((part) => part !== undefined && part !== '').join(': ');
  }

  override _read(): void {
    this.child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // Input for a command that has ended is dropped; its end, which follows, says why.
    if (this.child.stdin.writable) this.child.stdin.write(chunk, () => done());
    else done();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { child } = this;
    child.stdin.destroy();
    child.stdout.destroy();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), killGraceMs);
      force.unref();
      child.once('exit', () => clearTimeout(force));
    }
    done(error);
  }
}
