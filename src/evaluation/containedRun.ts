import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { Duplex, Readable, Writable } from 'node:stream';
import { closePipes, endNamespace, exitOf, firstOfNamespace } from './childExit';
import { contain, wrapperProcesses } from './containment';
import type { Containment } from './containment';
import { createProcessFamily } from './endProcesses';
import { largestFileBytes } from './executor';
import type { ExecutionReport, ExecutionRequest } from './executor';
import { underLimits } from './underLimits';
import type { Started } from './underLimits';
import { holdScript } from './warm/holdScript';
import type { HoldDescriptors } from './warm/holdScript';
import { launchWarm } from './warm/launchWarm';
import type { Warm } from './warm/warmPool';

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
export const nurseryProcesses = 2;

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

  // A program need not read what it is given.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(request.input);
  const input = firstInput === undefined ? undefined : child.stdio[firstFreeDescriptor(request)];
  // A program that ended before it read is told of by its exit.
  input?.on('error', () => undefined);
  if (input instanceof Writable) input.end(firstInput);
  const descriptor3 = request.onDescriptor3 === undefined ? undefined : child.stdio[3];
  const [word, channel] = [child.stdio[hold.word], child.stdio[hold.channel]];
  const started: Started = {
    startedAt,
    family,
    exited,
    output: child.stdout,
    words: child.stderr,
    descriptor3: descriptor3 instanceof Readable ? descriptor3 : undefined,
    // What a fork shares with the process that it comes from is not its own.
    sharedBytes: warm?.zygote.bytes ?? 0,
    ownProcesses: wrapperProcesses(containment) + (warm === undefined ? 0 : nurseryProcesses),
    end: () => endNamespace(pid, family, exited),
    // A namespace that ended by itself left nothing; elsewhere there may be strays.
    sweep: containment.kind === 'sweep' ? () => family.end() : undefined,
    drain: () => closePipes(child, closed),
  };
  if (warm === undefined || !(word instanceof Duplex) || !(channel instanceof Duplex)) {
    return underLimits(request, started, signal);
  }
  return underLimits(request, started, signal, (onFailed) =>
    launchWarm({
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
      onFailed,
    }),
  );
}

export function couldNotStart(message: string): ExecutionReport {
  return { end: { kind: 'could-not-start', message }, output: '', durationMs: 0 };
}
