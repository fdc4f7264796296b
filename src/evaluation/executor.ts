import type { Limits } from '../domain/problem/problem';
import type { IsolationKind } from './sandbox/isolation';

/** One command in one folder under limits. Local now; Slurm and sandboxes implement the same port. */
export interface ExecutionRequest {
  readonly id: string;
  /** Program and arguments; no shell unless the caller names one. */
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment of the process: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /**
   * Where given, the command has file descriptor 3 open for writing, and what it writes there comes here. Other processes cannot
   * open it again by a path. Its bytes count as output.
   */
  readonly onDescriptor3?: (chunk: Buffer) => void;
  /** On standard input, which is empty without it. It lies in no file, and no other process can open it. */
  readonly input?: Uint8Array;
  /** What an isolated command sees of this host beside the system; by default its folder alone, to write. */
  readonly files?: VisibleFiles;
  /**
   * Modules that a Python may have imported before it is asked to run this command, in a process of its own all the same: it is a matter of
   * time alone. None by default.
   */
  readonly preload?: readonly string[];
  /** It is no candidate's but the user's own work (building with his tools, installing): it is not isolated. */
  readonly isTrusted?: boolean;
}

/** Absolute paths of folders. */
export interface VisibleFiles {
  /** What they hold together is limited: see `largestFoldersBytes`. */
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  /** Never seen, even where the system around them is: only what is named above is seen of them. */
  readonly hidden: readonly string[];
}

/** Largest single file that a command may write: as large as its memory may be. */
export function largestFileBytes(limits: Limits): number {
  return limits.memoryBytes;
}

/** What all files together may hold that a command can write. */
export function largestFoldersBytes(limits: Limits): number {
  return Math.max(leastFoldersBytes, 2 * largestFileBytes(limits));
}

const leastFoldersBytes = 2 * 1024 ** 3;

export type ExecutionEnd =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  | {
      readonly kind: 'limit';
      readonly limit: 'time' | 'memory' | 'output' | 'processes' | 'file-size' | 'folder-size';
    }
  | { readonly kind: 'could-not-start'; readonly message: string };

export interface ExecutionReport {
  readonly end: ExecutionEnd;
  /** Standard output and error together, as they came; the middle is left out if it is long, and says so. */
  readonly output: string;
  readonly durationMs: number;
  /** It ran in a process that had imported its modules before. */
  readonly isWarm?: boolean;
}

export interface Executor {
  /**
   * Resolves when every process that the command started is gone. Rejects on cancellation with the
   * signal's reason, after the same, and with `StrayProcessError` where a process could not be ended.
   */
  execute(request: ExecutionRequest, signal: AbortSignal): Promise<ExecutionReport>;
  /**
   * What isolates commands that are not trusted. Throws `IsolationMissingError` where nothing can and nobody agreed to go without; so does
   * `execute`.
   */
  isolation(): Promise<IsolationKind>;
  /** Ends what is kept ready between commands. */
  dispose?(): Promise<void>;
}

/** Processes outlived SIGKILL: they hang in the kernel, for example in a driver or a dead network file system. */
export class StrayProcessError extends Error {
  override readonly name = 'StrayProcessError';
  constructor(readonly pids: readonly number[]) {
    super(
      `Processes of an evaluation cannot be ended (pid ${pids.join(', ') || 'unknown'}): they hang in the kernel. ` +
        'Look at them with `ps`, then free the device or file system that they wait for, or restart the host.',
    );
  }
}
