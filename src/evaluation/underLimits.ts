import type { Readable } from 'node:stream';
import { endOf } from './childExit';
import type { Exit } from './childExit';
import type { ProcessFamily } from './endProcesses';
import { largestFoldersBytes } from './executor';
import type { ExecutionEnd, ExecutionReport, ExecutionRequest } from './executor';
import { createOutputCapture } from './outputCapture';
import type { OutputCapture } from './outputCapture';
import { watchFolders } from './sandbox/watchFolders';
import { watchUsage } from './watchUsage';

/** The command could not be forked, and has not begun. */
export class NotWarmError extends Error {
  override readonly name = 'NotWarmError';
}

/** A command that has been started, however that was. */
export interface Started {
  /** Of `performance.now()`. */
  readonly startedAt: number;
  readonly family: ProcessFamily;
  readonly exited: Promise<Exit>;
  /** What the command prints; what the programs in front of it do. */
  readonly output: Readable | null;
  readonly words: Readable | null;
  /** See `ExecutionRequest`. */
  readonly descriptor3: Readable | undefined;
  /** Beyond the limits: what it shares with others, and processes of ours. */
  readonly sharedBytes: number;
  readonly ownProcesses: number;
  /** Ends all that it started; called where it is stopped. Resolves when nothing of it lives. */
  readonly end: () => Promise<void>;
  /** Called when it has ended by itself, where others than its first process may be left. */
  readonly sweep: (() => Promise<void>) | undefined;
  /** Resolves when all that was printed is here. */
  readonly drain: () => Promise<void>;
}

type LimitName = Extract<ExecutionEnd, { kind: 'limit' }>['limit'];
type Stop = LimitName | 'cancelled' | 'not-warm';

/** Captures what it prints, and ends it where it exceeds its limits or is cancelled; then rejects with the signal's reason. */
export async function underLimits(
  request: ExecutionRequest,
  started: Started,
  signal: AbortSignal,
  /**
   * Called once everything is watched; calls back where the command has not begun and never will. What it returns is called when the command has
   * ended.
   */
  begin?: (onNotWarm: (why: string) => void) => () => void,
): Promise<ExecutionReport> {
  const { limits } = request;
  let stop: (why: Stop) => void = () => undefined;
  const stopRequested = new Promise<Stop>((resolve) => {
    stop = resolve;
  });
  const output = createOutputCapture();
  const wrapperWords = createOutputCapture();
  let descriptor3Bytes = 0;
  const exceedsOutput = (): boolean =>
    output.totalBytes + wrapperWords.totalBytes + descriptor3Bytes > limits.outputBytes;
  const capture = (into: OutputCapture) => (chunk: Buffer) => {
    into.push(chunk);
    if (exceedsOutput()) stop('output');
  };
  started.output?.on('data', capture(output));
  started.words?.on('data', capture(wrapperWords));
  started.descriptor3?.on('data', (chunk: Buffer) => {
    descriptor3Bytes += chunk.length;
    if (exceedsOutput()) stop('output');
    else request.onDescriptor3?.(chunk);
  });
  let notWarm: string | undefined;
  const endLaunch = begin?.((why) => {
    notWarm = why;
    stop('not-warm');
  });
  const onAbort = (): void => stop('cancelled');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const clock = setTimeout(() => stop('time'), limits.timeMs);
  const { family } = started;
  const endWatch = watchUsage(
    family,
    {
      memoryBytes: limits.memoryBytes + started.sharedBytes,
      processes: limits.processes + started.ownProcesses,
    },
    stop,
  );
  const endFolderWatch =
    request.files === undefined || request.isTrusted === true
      ? undefined
      : watchFolders(
          request.files.writable,
          largestFoldersBytes(limits),
          () => family.descendants(),
          () => stop('folder-size'),
        );

  let stopped: Stop | undefined;
  try {
    stopped = await Promise.race([started.exited.then(() => undefined), stopRequested]);
  } finally {
    clearTimeout(clock);
    signal.removeEventListener('abort', onAbort);
    endLaunch?.();
  }
  try {
    if (started.sweep !== undefined) await started.sweep();
    else if (stopped !== undefined) await started.end();
  } finally {
    await Promise.all([endWatch(), endFolderWatch?.()]);
  }
  const exit = await started.exited;
  await started.drain();
  signal.throwIfAborted();
  if (stopped === 'not-warm') throw new NotWarmError(notWarm);
  const durationMs = performance.now() - started.startedAt;
  if (stopped === undefined && exceedsOutput()) stopped = 'output';
  const end: ExecutionEnd =
    stopped === undefined || stopped === 'cancelled'
      ? endOf(exit, wrapperWords.text())
      : { kind: 'limit', limit: stopped };
  return { end, output: output.text(), durationMs };
}
