import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import { Duplex, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { contain, probeContainment, wrapperProcesses } from './containment';
import type { Containment } from './containment';
import { createProcessFamily, sendSignal } from './endProcesses';
import type { ProcessFamily } from './endProcesses';
import { largestFileBytes, largestFoldersBytes, StrayProcessError } from './executor';
import type { ExecutionEnd, ExecutionReport, ExecutionRequest, Executor } from './executor';
import { findProgram } from './findProgram';
import type { ProcessRecord } from './processTable';
import { createOutputCapture } from './outputCapture';
import type { OutputCapture } from './outputCapture';
import { findIsolator } from './sandbox/findIsolator';
import type { Isolator, IsolatorSearch } from './sandbox/findIsolator';
import { IsolationMissingError } from './sandbox/isolation';
import type { IsolationWish, IsolatorKind } from './sandbox/isolation';
import { emptyLocks, timingLocks } from './sandbox/timingLocks';
import { watchFolders } from './sandbox/watchFolders';
import { holdScript } from './warm/holdScript';
import type { HoldDescriptors } from './warm/holdScript';
import { launchWarm } from './warm/launchWarm';
import { createWarmPool } from './warm/warmPool';
import type { Warm } from './warm/warmPool';
import { watchUsage } from './watchUsage';

/** Environment name by which the processes of an execution are known; its value is `<id>.<random>`. */
export const executionMark = 'DISCOVER_EVALUATION_ID';

/** SIGKILL frees gigabytes of memory or a device before it is done. */
const killPatienceMs = 60_000;
const betweenLooksMs = 20;
/** Once all processes are gone their pipes close at once, unless one of them hid from us. */
const pipePatienceMs = 2_000;

/**
 * Runs commands on this machine, each in a sandbox (see sandbox/). With `isolation: 'none'`, and for trusted commands, without: then in a PID
 * namespace of their own where the kernel allows it (tried once); elsewhere their processes are found by descent, session and
 * environment. Without `/proc` (macOS) only the process group is ended and only time, output and file size are limited.
 *
 * `keepsWarm`: commands whose request has `preload` are forked from a Python with these imported, where that is possible; it hears where not.
 * `containment: 'sweep'` does without namespaces, and so without isolation. `isolators`: the best of these that works isolates; all by default.
 */
export function createLocalExecutor(
  options: {
    readonly isolation?: IsolationWish;
    readonly containment?: 'auto' | 'sweep';
    readonly isolators?: readonly IsolatorKind[];
    readonly keepsWarm?: { readonly log: (message: string) => void };
  } = {},
): Executor {
  const isSwept = options.containment === 'sweep';
  const isIsolated = options.isolation !== 'none' && !isSwept;
  let containment: Promise<Containment> | undefined;
  let search: Promise<IsolatorSearch> | undefined;
  const pool = options.keepsWarm && createWarmPool(options.keepsWarm.log);
  const isolator = async (): Promise<Isolator> => {
    const found = await (search ??= findIsolator(options.isolators));
    if (found.kind === 'works') return found.isolator;
    // What was in the way may be gone the next time.
    search = undefined;
    throw new IsolationMissingError(found.why);
  };
  return {
    async isolation() {
      if (!isIsolated) return 'none';
      return (await isolator()).kind;
    },

    async execute(request, signal) {
      signal.throwIfAborted();
      const [program, ...rest] = request.argv;
      if (!(await isFolder(request.cwd))) return couldNotStart(`There is no folder ${request.cwd}.`);
      const path = await findProgram(program, request.env['PATH'] ?? '/usr/bin:/bin', request.cwd);
      if (path === undefined) return couldNotStart(`There is no program \`${program}\`.`);
      const found: ExecutionRequest = { ...request, argv: [path, ...rest] };
      if (isIsolated && request.isTrusted !== true) {
        const sandbox = await isolator();
        const warm = await pool?.take(request, signal);
        try {
          const report = await runInSandbox(sandbox, found, signal, warm);
          return warm === undefined ? report : { ...report, isWarm: true };
        } catch (error) {
          if (!(error instanceof NotWarmError)) throw error;
          pool?.onRefused(error.message);
          return runInSandbox(sandbox, found, signal);
        }
      }
      containment ??= isSwept ? Promise.resolve({ kind: 'sweep' }) : probeContainment();
      return runContained(found, await containment, signal);
    },

    async dispose() {
      await pool?.dispose();
    },
  };
}

async function runInSandbox(
  isolator: Isolator,
  request: ExecutionRequest,
  signal: AbortSignal,
  warm?: Warm,
): Promise<ExecutionReport> {
  const hasGpus = request.limits.gpus > 0;
  const locks = timingLocks(hasGpus, request.env['CUDA_VISIBLE_DEVICES']);
  const { prefix, input, filter } = isolator.wrap(
    {
      files: request.files ?? { writable: [request.cwd], readable: [], hidden: [] },
      cwd: request.cwd,
      env: request.env,
      memoryBytes: request.limits.memoryBytes,
      hasGpus,
      locks,
    },
    firstFreeDescriptor(request),
  );
  try {
    return await runContained(
      request,
      { kind: 'namespace', prefix },
      signal,
      input,
      warm && { ...warm, filter },
    );
  } finally {
    emptyLocks(locks);
  }
}

/** Behind the standard streams and what the command itself has open. */
function firstFreeDescriptor(request: ExecutionRequest): number {
  return request.onDescriptor3 === undefined ? 3 : 4;
}

function holdDescriptors(firstFree: number): HoldDescriptors {
  return { word: firstFree, channel: firstFree + 1, output: firstFree + 2 };
}

/** Of ours, beside the command's own: the one that forks, and for a moment the one between it and the fork. */
const nurseryProcesses = 2;

/** The command could not be forked, and has not begun. */
class NotWarmError extends Error {
  override readonly name = 'NotWarmError';
}

type LimitName = Extract<ExecutionEnd, { kind: 'limit' }>['limit'];
type Stop = LimitName | 'cancelled' | 'not-warm';

async function runContained(
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
  const [program, ...rest] = contain(containment, command, {
    fileBytes: largestFileBytes(limits),
    processes: limits.processes,
  });
  const startedAt = performance.now();
  const child = spawn(program, rest, {
    cwd: request.cwd,
    env: { ...request.env, [executionMark]: mark },
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
  await closeWithin(pipePatienceMs, child, closed);
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

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startError?: string;
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: null, signal: null, startError: error.message }));
  });
}

/** Kills process 1 of the namespace; the program above it exits when the kernel has ended all the others. */
async function endNamespace(outerPid: number, family: ProcessFamily, exited: Promise<Exit>): Promise<void> {
  const deadline = performance.now() + killPatienceMs;
  const gone = exited.then(() => 'gone' as const);
  do {
    sendSignal(firstOfNamespace(outerPid, family)?.pid ?? outerPid, 'SIGKILL');
    if ((await Promise.race([gone, delay(betweenLooksMs)])) === 'gone') return;
  } while (performance.now() < deadline);
  throw new StrayProcessError(family.descendants().map(({ pid }) => pid));
}

function firstOfNamespace(outerPid: number, family: ProcessFamily): ProcessRecord | undefined {
  return family.descendants().find(({ parentPid }) => parentPid === outerPid);
}

function endOf(exit: Exit, wrapperWords: string): ExecutionEnd {
  if (exit.signal !== null) return signalled(exit.signal);
  const code = exit.code ?? -1;
  if (code !== 0 && /^(setpriv|unshare|bwrap|sandbox): /m.test(wrapperWords)) {
    return { kind: 'could-not-start', message: wrapperWords.trim() };
  }
  // A shell tells of a child's death by a signal so: 128 and the number of the signal.
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? { kind: 'exited', code } : signalled(signal);
}

function signalled(signal: string): ExecutionEnd {
  return signal === 'SIGXFSZ' ? { kind: 'limit', limit: 'file-size' } : { kind: 'signalled', signal };
}

/** A process that hid from the search could hold a pipe open for ever: then we stop listening. */
async function closeWithin(patienceMs: number, child: ChildProcess, closed: Promise<void>): Promise<void> {
  const patience = new AbortController();
  const timer = delay(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([closed, timer]);
  patience.abort();
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.stderr?.destroy();
  for (const stream of child.stdio.slice(3)) stream?.destroy();
}

function promiseWithResolver<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function couldNotStart(message: string): ExecutionReport {
  return { end: { kind: 'could-not-start', message }, output: '', durationMs: 0 };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
