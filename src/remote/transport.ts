import type { Duplex, Readable, Writable } from 'node:stream';
import type { UploadOptions } from './bootstrap/upload';
import type { UploadTarget } from './bootstrap/uploadReceive';

/** A process on the host whose standard streams are here. */
export interface RemoteProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** `undefined` code and signal mean that contact was lost: nothing is known of the process. */
  readonly exited: Promise<{ readonly code: number | undefined; readonly signal: string | undefined }>;
  kill(): void;
}

/**
 * A socket of the host that only the host can reach: a port of its loopback addresses, or where a session's process waits for
 * an editor that hands its requests on to a model server (`root`: as the runner there knows it).
 */
export type SocketAddress = { readonly port: number } | { readonly root: string; readonly sessionId: string };

export interface ExecResult {
  /** Exit code of the script itself, read behind a marker, never the channel's. */
  readonly code: number;
  /** What the script printed; what login shells print around it is dropped. */
  readonly stdout: string;
  readonly stderr: string;
}

/** A way to run things on one host. Every call rejects with a `RemoteError` when contact is lost. */
export interface Transport {
  readonly kind: 'local' | 'ssh2' | 'system';
  /** Runs a POSIX shell script (given on standard input, so no length limit) to its end. */
  exec(
    script: string,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<ExecResult>;
  /** Starts a POSIX shell command (already quoted) whose streams the caller uses. */
  spawn(command: string): Promise<RemoteProcess>;
  /** Writes a file whole: to a temporary name, checked by size and SHA-256 on the host, then renamed. */
  upload(content: AsyncIterable<Uint8Array>, target: UploadTarget, options?: UploadOptions): Promise<void>;
  /** Connects to a socket of the host. Rejects with a `RemoteError`: `unreachable` where nobody listens. Absent: `multiplex` can. */
  readonly connect?: (address: SocketAddress) => Promise<Duplex>;
  /** Whether a host allows so few sessions at once that all must share one; absent: it allows enough. */
  readonly hasFewSessions?: () => Promise<boolean>;
  /** Called once when contact is lost or `close` was called; at once if that has happened. */
  onClosed(listener: (reason: Error | undefined) => void): void;
  /** @param reason told to `onClosed` where the link is given up rather than closed on purpose. */
  close(reason?: Error): Promise<void>;
}
