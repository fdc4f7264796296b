import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Duplex, Writable } from 'node:stream';
import { closePipes, endNamespace, endOf, exitOf, firstOfNamespace } from './childExit';
import { contain, wrapperProcesses } from './containment';
import type { Containment } from './containment';
import { createProcessFamily } from './endProcesses';
import { largestFileBytes, largestFoldersBytes } from './executor';
import type { ExecutionEnd, ExecutionReport, ExecutionRequest } from './executor';
import { createOutputCapture } from './outputCapture';
import type { OutputCapture } from './outputCapture';
import { watchFolders } from './sandbox/watchFolders';
import { holdScript } from './warm/holdScript';
import type { HoldDescriptors } from './warm/holdScript';
import { launchWarm } from './warm/launchWarm';
import type { Warm } from './warm/warmPool';
import { watchUsage } from './watchUsage';

/** Environment name by which the processes of an execution are known; its value is `<id>.<random>`. */
export const executionMark = 'DISCOVER_EVALUATION_ID';

/** Behind the standard streams and what the command itself has open. */
export function firstFreeDescriptor(request: ExecutionRequest): number {
  return request.onDescriptor3 === undefined ? 3 : 4;
}

function holdDescriptors(firstFree: number): HoldDescriptors {
  return { word: firstFree, channel: firstFree + 1, output: firstFree + 2 };
}

/** Of ours, beside the command's own: the one that forks, and for a moment the one between it and the fork. */
const nurseryProcesses = 2;

/** The command could not be forked, and has not begun. */
export class NotWarmError extends Error {
  override readonly name = 'NotWarmError';
}

type LimitName = Extract<ExecutionEnd, { kind: 'limit' }>['limit'];
type Stop = LimitName | 'cancelled' | 'not-warm';

/**
 * Runs one command under its limits, behind the programs that contain it, until every process that it started is gone. Throws `NotWarmError` where it was
 * to be forked and could not; as `Executor.execute` otherwise.
 */
export async function runContained(
  request: ExecutionRequest,
  containment: Containment,
  signal: AbortSignal,
  /** For the program in front to read from the first free descriptor. */
  firstInput?: Buffer,
  /** Forked into the namespace in place of the command. */
  warm?: Warm & { readonly filter: Buffer | undefined },
): Promise<ExecutionReport> {
  signal.throwIfAborted();
  const { limits } = request;
  const mark = `${request.id}.${randomUUID()}`;
  const hold = holdDescriptors(firstFreeDescriptor(request) + (firstInput === undefined ? 0 : 1));
  const command = warm === undefined ? request.argv : (['eval', holdScript(hold)] as const);
  const env = { ...request.env, [executionMark]: mark };
  const [program, ...rest] = contain(
    containment,
    command,
    { fileBytes: largestFileBytes(limits), processes: limits.processes },
    env,
  );
  const startedAt = performance.now();
  const child = spawn(program, rest, {
    cwd: request.cwd,
    env,
    // A session and a process group of its own, so that the group can be signalled as one.
    detached: true,
    stdio: [
      request.input === undefined ? ('ignore' as const) : ('pipe' as const),
      ...(['pipe', 'pipe'] as const),
      ...(request.onDescriptor3 === undefined ? [] : (['pipe'] as const)),
      ...(firstInput === undefined ? [] : (['pipe'] as const)),
      ...(warm === undefined ? [] : (['pipe', 'pipe'] as const)),
    ],
  });
  const exited = exitOf(child);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const { pid } = child;
  if (pid === undefined) return couldNotStart((await exited).startError ?? 'The process could not be made.');
  const family = createProcessFamily(pid, `${executionMark}=${mark}`);

  const { promise: stopRequested, resolve: stop } = promiseWithResolver<Stop>();
  const output = createOutputCapture();
  const wrapperWords = createOutputCapture();
  let descriptor3Bytes = 0;
  const exceedsOutput = (): boolean =>
    output.totalBytes + wrapperWords.totalBytes + descriptor3Bytes > limits.outputBytes;
  const capture = (into: OutputCapture) => (chunk: Buffer) => {
    into.push(chunk);
    if (exceedsOutput()) stop('output');
  };
  child.stdout?.on('data', capture(output));
  child.stderr?.on('data', capture(wrapperWords));
  // A program need not read what it is given.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.input);
  const input = firstInput === undefined ? undefined : child.stdio[firstFreeDescriptor(request)];
  // A program that ended before it read is told of by its exit.
  input?.on('error', () => undefined);
  if (input instanceof Writable) input.end(firstInput);
  const descriptor3 = request.onDescriptor3 === undefined ? undefined : child.stdio[3];
  descriptor3?.on('data', (chunk: Buffer) => {
    descriptor3Bytes += chunk.length;
    if (exceedsOutput()) stop('output');
    else request.onDescriptor3?.(chunk);
  });
  let notWarm: string | undefined;
  const [word, channel] = [child.stdio[hold.word], child.stdio[hold.channel]];
  const endLaunch =
    warm === undefined || !(word instanceof Duplex) || !(channel instanceof Duplex)
      ? undefined
      : launchWarm({
          zygote: warm.zygote,
          word,
          channel,
          channelNumber: hold.channel,
          holder: () => firstOfNamespace(pid, family)?.pid,
          sandbox: {
            mark: `${executionMark}=${mark}`,
            descriptors: [
              { from: hold.output, to: 1 },
              ...(request.onDescriptor3 === undefined ? [] : [{ from: 3, to: 3 }]),
            ],
            systemCalls: warm.filter,
          },
          program: {
            arguments: warm.args,
            folder: request.cwd,
            environment: { ...request.env, PWD: request.cwd, [executionMark]: mark },
          },
          onProcess: (forked) => family.add(forked),
          onFailed: (why) => {
            notWarm = why;
            stop('not-warm');
          },
        });
  const onAbort = (): void => stop('cancelled');
  signal.addEventListener('abort', onAbort, { once: true });
  const clock = setTimeout(() => stop('time'), limits.timeMs);
  const endWatch = watchUsage(
    family,
    {
      // What a fork shares with the process that it comes from is not its own.
      memoryBytes: limits.memoryBytes + (warm?.zygote.bytes ?? 0),
      processes:
        limits.processes + wrapperProcesses(containment) + (warm === undefined ? 0 : nurseryProcesses),
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
    stopped = await Promise.race([exited.then(() => undefined), stopRequested]);
  } finally {
    clearTimeout(clock);
    signal.removeEventListener('abort', onAbort);
    endLaunch?.();
  }
  try {
    // A namespace that ended by itself left nothing; elsewhere there may be strays.
    if (containment.kind === 'sweep') await family.end();
    else if (stopped !== undefined) await endNamespace(pid, family, exited);
  } finally {
    await Promise.all([endWatch(), endFolderWatch?.()]);
  }
  const exit = await exited;
  await closePipes(child, closed);
  signal.throwIfAborted();
  if (stopped === 'not-warm') throw new NotWarmError(notWarm);
  const durationMs = performance.now() - startedAt;
  if (stopped === undefined && exceedsOutput()) stopped = 'output';
  const end: ExecutionEnd =
    stopped === undefined || stopped === 'cancelled'
      ? endOf(exit, wrapperWords.text())
      : { kind: 'limit', limit: stopped };
  return { end, output: output.text(), durationMs };
}

function promiseWithResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

export function couldNotStart(message: string): ExecutionReport {
  return { end: { kind: 'could-not-start', message }, output: '', durationMs: 0 };
}
