import { spawn } from 'node:child_process';
import { Transform, type TransformCallback } from 'node:stream';
import { commonEdge } from '../shell/markedOutput';
import { newNonce } from '../shell/markedRun';
import type { RemoteProcess } from '../transport';
import type { SystemSsh } from './systemSshMaster';

const maxNoiseBytes = 16 * 1024;

/** What a session runs; the form that every login shell between us and /bin/sh reads alike. */
export type SessionKind = 'script' | 'command';

/** ssh ends with 255 when it fails itself, and when the command does: the host prints the command's own code too. */
function remoteCommand(kind: SessionKind, nonce: string): string {
  const begin = `printf "\\n@@${nonce}S@@\\n" >&2`;
  return kind === 'script'
    ? `exec /bin/sh -c '${begin}; exec /bin/sh -s'`
    : `exec /bin/sh -c '${begin}; IFS= read -r ttt_command || exit 1; ( eval "$ttt_command" ); ttt_code=$?; ` +
        `printf "@@${nonce}X %d@@\\n" "$ttt_code" >&2; exit "$ttt_code"'`;
}

/** A session that ended before it began, with what was said. */
export class SessionRefused extends Error {
  /** @param printed what the host printed on standard output, if anything. */
  constructor(
    readonly said: string,
    readonly printed = '',
  ) {
    super(said);
  }
  /** The server allows no more sessions on this connection now. */
  get isForLackOfSessions(): boolean {
    return /session request failed|Session open refused|open failed/i.test(this.said);
  }
}

/** Starts a session. Resolves when the host has begun with it; rejects with `SessionRefused`. */
export async function startSession(
  ssh: SystemSsh,
  kind: SessionKind,
  signal: AbortSignal,
): Promise<RemoteProcess> {
  const nonce = newNonce();
  const child = spawn(ssh.program, [...ssh.sessionArgs, remoteCommand(kind, nonce)], {
    env: ssh.env,
    stdio: 'pipe',
    windowsHide: true,
    detached: process.platform !== 'win32',
  });
  const stderr = new SessionStderr(nonce);
  child.stderr.pipe(stderr);
  // A session that ended takes no more input; its end tells the story.
  child.stdin.on('error', () => undefined);
  let failure: Error | undefined;
  let printed = '';
  // Of a session that has begun, standard output is the caller's; of another nobody else would read it.
  child.once('exit', () => {
    if (stderr.hasBegun) return;
    child.stdout.on('data', (chunk: Buffer) => {
      printed = (printed + chunk.toString('utf8')).slice(-maxNoiseBytes);
    });
  });
  const exited = new Promise<{ code: number | undefined; signal: string | undefined }>((resolve) => {
    child.once('error', (error) => {
      failure = error;
      resolve({ code: undefined, signal: undefined });
    });
    child.once('close', (code) => {
      const own = stderr.exitCode;
      resolve({ code: own ?? (code === 255 ? undefined : (code ?? undefined)), signal: undefined });
    });
  });
  const kill = () => {
    child.kill('SIGTERM');
    child.stdout.destroy();
    child.stderr.destroy();
    stderr.destroy();
  };
  const onAbort = () => kill();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) kill();
  try {
    await Promise.race([
      stderr.begun,
      exited.then(() => {
        throw new SessionRefused(failure?.message ?? stderr.noise, printed);
      }),
    ]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  return { stdin: child.stdin, stdout: child.stdout, stderr, exited, kill };
}

/** Standard error without our marks: drops what stands before the first, and takes the exit code out of the last. */
class SessionStderr extends Transform {
  exitCode: number | undefined;
  noise = '';
  readonly begun: Promise<void>;
  private settleBegun: () => void = () => undefined;
  hasBegun = false;
  private pending = Buffer.alloc(0);
  private readonly beginMark: Buffer;
  private readonly endMark: Buffer;

  constructor(nonce: string) {
    super();
    this.begun = new Promise((resolve) => (this.settleBegun = resolve));
    this.beginMark = Buffer.from(`\n@@${nonce}S@@\n`);
    this.endMark = Buffer.from(`@@${nonce}X `);
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.pending = Buffer.concat([this.pending, chunk]);
    if (!this.hasBegun) {
      const at = this.pending.indexOf(this.beginMark);
      if (at === -1) {
        const keep = commonEdge(this.pending, this.beginMark);
        this.addNoise(this.pending.subarray(0, this.pending.length - keep));
        this.pending = this.pending.subarray(this.pending.length - keep);
        done();
        return;
      }
      this.addNoise(this.pending.subarray(0, at));
      this.pending = this.pending.subarray(at + this.beginMark.length);
      this.hasBegun = true;
      this.settleBegun();
    }
    done(null, this.takeContent());
  }

  override _flush(done: TransformCallback): void {
    if (!this.hasBegun) this.addNoise(this.pending);
    done(null, this.hasBegun ? this.pending : undefined);
  }

  private takeContent(): Buffer {
    const at = this.pending.indexOf(this.endMark);
    if (at === -1) return this.cut(this.pending.length - commonEdge(this.pending, this.endMark));
    const rest = this.pending.subarray(at + this.endMark.length);
    const close = /^(\d{1,3})@@\n/.exec(rest.subarray(0, 8).toString('latin1'));
    if (close === null) return this.cut(at);
    this.exitCode = Number(close[1]);
    const content = Buffer.concat([this.pending.subarray(0, at), rest.subarray(close[0].length)]);
    this.pending = Buffer.alloc(0);
    return content;
  }

  private cut(length: number): Buffer {
    const content = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return content;
  }

  private addNoise(bytes: Buffer): void {
    this.noise = (this.noise + bytes.toString('utf8')).slice(-maxNoiseBytes);
  }
}
