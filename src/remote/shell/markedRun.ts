import { randomBytes } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { RemoteError } from '../hostClient';
import { MarkedOutput } from './markedOutput';
import type { ExecResult, RemoteProcess } from '../transport';

export interface MarkedRunOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each whole line of standard output as it comes. */
  readonly onLine?: (line: string) => void;
  /** Ends the process group on the host where the script is given up: closing a channel ends nothing there. */
  readonly endGroup?: (pid: number) => Promise<unknown>;
  /** Writes standard input and ends it. */
  readonly input?: (stdin: RemoteProcess['stdin']) => Promise<void>;
}

/** Beyond this an answer is a mistake, and keeping it would cost the editor its memory. */
const maxOutputBytes = 64 * 1024 * 1024;
const maxStderrBytes = 64 * 1024;
const maxSaidChars = 500;
const endedGraceMs = 2_000;

export function newNonce(): string {
  return randomBytes(12).toString('hex');
}

/**
 * Follows a process whose script prints the markers of `nonce` until the script's end was seen on both streams.
 * Rejects with a `RemoteError`: `lost`, `cancelled`, or `unsupported-host` where no POSIX shell ran the script.
 */
export async function followMarkedRun(
  process: RemoteProcess,
  nonce: string,
  options: MarkedRunOptions = {},
): Promise<ExecResult> {
  const out = new MarkedOutput(nonce);
  const err = new MarkedOutput(nonce);
  const outChunks: Buffer[] = [];
  let outBytes = 0;
  let stderr = '';
  let rawStderr = '';
  let printedBefore = '';
  const lines = options.onLine === undefined ? undefined : new LineSplitter(options.onLine);
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;

  const ended = new Promise<void>((resolve, reject) => {
    const settle = () => {
      if (out.hasEnded && err.hasEnded) resolve();
    };
    process.stdout.on('data', (chunk: Buffer) => {
      if (!out.hasBegun) printedBefore = (printedBefore + chunk.toString('utf8')).slice(-maxSaidChars);
      const content = out.push(chunk);
      outBytes += content.length;
      if (out.hasTooMuchNoise || outBytes > maxOutputBytes) {
        reject(
          new RemoteError(
            'protocol',
            'The host printed far more than was asked for.',
            'Look for start-up files (.bashrc, .profile) that print without end.',
          ),
        );
        return;
      }
      if (lines === undefined) outChunks.push(content);
      else lines.push(content);
      settle();
    });
    process.stderr.on('data', (chunk: Buffer) => {
      rawStderr = (rawStderr + chunk.toString('utf8')).slice(-maxStderrBytes);
      stderr = (stderr + err.push(chunk).toString('utf8')).slice(-maxStderrBytes);
      settle();
    });
    process.exited.then(
      (exit) => {
        // The end on standard output carries the code; a standard error cut short takes nothing from it.
        if (out.hasEnded) resolve();
        else if (exit.code === undefined && exit.signal === undefined) reject(lostError());
        else reject(noShellError(rawStderr.trim() === '' ? printedBefore : rawStderr, exit.code));
      },
      (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
    );
    if (options.timeoutMs !== undefined) {
      const timeoutMs = options.timeoutMs;
      timer = setTimeout(
        () =>
          reject(
            new RemoteError(
              'lost',
              `The host did not answer within ${Math.round(timeoutMs / 1000)} s.`,
              'Check the network and the load of the host; it is tried again by itself.',
            ),
          ),
        timeoutMs,
      );
    }
    if (options.signal !== undefined) {
      onAbort = () => reject(cancelledError());
      if (options.signal.aborted) onAbort();
      else options.signal.addEventListener('abort', onAbort, { once: true });
    }
  });

  // When the process ends early it no longer takes its input; then the end says why, not the broken pipe.
  let inputError: unknown;
  const fed = options.input?.(process.stdin).catch((error: unknown) => {
    inputError = error;
    process.stdin.end();
  });
  try {
    await ended;
    if (inputError instanceof RemoteError) throw inputError;
    lines?.end();
    endSoon(process);
    return {
      code: out.exitCode ?? 1,
      stdout: Buffer.concat(outChunks).toString('utf8'),
      stderr: err.hasBegun ? stderr : rawStderr,
    };
  } catch (error) {
    process.kill();
    // Without contact there is nothing to be done, and the error on its way says so.
    if (out.pid !== undefined && !out.hasEnded) options.endGroup?.(out.pid).catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
    if (onAbort !== undefined) options.signal?.removeEventListener('abort', onAbort);
    void fed;
  }
}

/** Ends a shell and all it has started in its process group. */
export function endGroupScript(pid: number): string {
  return `kill -s TERM -- -${pid} 2>/dev/null || kill -s TERM ${pid} 2>/dev/null || :`;
}

/** A background process that kept the streams open must not keep the channel. */
function endSoon(process: RemoteProcess): void {
  const timer = setTimeout(() => process.kill(), endedGraceMs);
  timer.unref();
  process.stdin.end();
  void process.exited.then(
    () => clearTimeout(timer),
    () => clearTimeout(timer),
  );
}

export function lostError(cause?: unknown): RemoteError {
  return new RemoteError(
    'lost',
    'Contact with the host was lost.',
    'What runs there goes on. The connection is tried again by itself.',
    cause === undefined ? undefined : { cause },
  );
}

export function cancelledError(): RemoteError {
  return new RemoteError('cancelled', 'Cancelled.', 'Start it again when you want it.');
}

/** @param printed what came instead, for the person to see. */
export function noShellError(printed: string, code: number | undefined): RemoteError {
  const said = printed.trim().slice(-maxSaidChars);
  return new RemoteError(
    'unsupported-host',
    `The host did not run a POSIX shell script (exit code ${code ?? 'unknown'})${said === '' ? '.' : `: ${said}`}`,
    'Hosts need a POSIX /bin/sh and an account that may run commands: no ForceCommand, no restricted shell.',
  );
}

class LineSplitter {
  private readonly decoder = new StringDecoder('utf8');
  private rest = '';
  constructor(private readonly onLine: (line: string) => void) {}
  push(chunk: Buffer): void {
    const parts = (this.rest + this.decoder.write(chunk)).split('\n');
    this.rest = parts.pop() ?? '';
    for (const part of parts) this.onLine(part);
  }
  end(): void {
    const last = this.rest + this.decoder.end();
    this.rest = '';
    if (last !== '') this.onLine(last);
  }
}
