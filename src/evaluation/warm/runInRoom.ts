import { randomUUID } from 'node:crypto';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import type { Exit } from '../childExit';
import { executionMark, nurseryProcesses } from '../containedRun';
import { createProcessFamily, sendSignal } from '../endProcesses';
import { StrayProcessError } from '../executor';
import type { ExecutionReport, ExecutionRequest } from '../executor';
import { underLimits } from '../underLimits';
import { frame } from './frames';
import type { Room } from './rooms';
import type { Warm } from './warmPool';
import { jsonOrUndefined } from '../../domain/json';

/** A program has this long to begin; a host under the heaviest load needs a second. */
const startPatienceMs = 60_000;
/** Once all processes are gone their connections close at once. */
const drainPatienceMs = 2_000;
/** SIGKILL frees gigabytes of memory or a device before it is done. */
const killPatienceMs = 60_000;
/** The first one in it. */
const roomProcesses = 1;

const word = z.union([z.object({ failed: z.string() }), z.object({ begun: z.literal(true) })]);

export interface RoomInUse {
  readonly room: Room;
  /** The calls that complete it; see `RoomPlan`. */
  readonly atUse: unknown;
  readonly warm: Warm;
}

/**
 * Runs a program in a sandbox that was made ahead, under the request's limits, until every process of it is gone. Throws `NotWarmError` where the program has not begun and never will; as `Executor.execute` otherwise.
 */
export async function runInRoom(
  request: ExecutionRequest,
  { room, atUse, warm }: RoomInUse,
  signal: AbortSignal,
): Promise<ExecutionReport> {
  const startedAt = performance.now();
  const mark = `${request.id}.${randomUUID()}`;
  const { channel, output, cases } = room;
  const family = createProcessFamily(room.firstPid, `${executionMark}=${mark}`);
  const streams = [channel, output, ...(cases === undefined ? [] : [cases])];
  for (const stream of streams) stream.ref();
  const closed = Promise.allSettled(streams.slice(1).map((stream) => finished(stream, { writable: false })));
  const told = finished(channel, { writable: false }).catch(() => undefined);
  let onEnded: () => void = () => undefined;
  const exited = room.ended.then(async (how): Promise<Exit> => {
    // What the program's process said of itself may come after what the zygote says of its end.
    await endsWithin(told, drainPatienceMs);
    onEnded();
    // Where the zygote was killed, all that it made was with it.
    if (how === undefined) await family.end();
    return how !== undefined && 'code' in how
      ? { code: how.code, signal: null }
      : { code: null, signal: 'SIGKILL' };
  });
  const started = {
    startedAt,
    family,
    exited,
    output,
    words: null,
    descriptor3: cases,
    // What a fork shares with the process that it comes from is not its own.
    sharedBytes: warm.zygote.bytes,
    ownProcesses: roomProcesses + nurseryProcesses,
    end: async () => {
      sendSignal(room.firstPid, 'SIGKILL');
      if ((await endsWithin(exited, killPatienceMs)) === undefined) {
        throw new StrayProcessError(family.descendants().map(({ pid }) => pid));
      }
    },
    sweep: undefined,
    drain: async () => {
      await endsWithin(closed, drainPatienceMs);
      for (const stream of streams) stream.destroy();
    },
  };
  return underLimits(request, started, signal, (onNotWarm) => {
    let hasBegun = false;
    const fail = (why: string): void => {
      clearTimeout(patience);
      if (!hasBegun) onNotWarm(why);
    };
    const patience = setTimeout(() => fail('It did not begin.'), startPatienceMs);
    room.onWord((line) => {
      const said = word.safeParse(jsonOrUndefined(line));
      if (!said.success) fail('It said something that is not understood.');
      else if ('failed' in said.data) fail(said.data.failed);
      else {
        hasBegun = true;
        clearTimeout(patience);
      }
    });
    onEnded = () => fail('It ended before its program began.');
    const program = {
      arguments: warm.args,
      folder: request.cwd,
      environment: { ...request.env, PWD: request.cwd, [executionMark]: mark },
    };
    // The first is for process 1, the second for the program's own, which are not the same.
    channel.write(Buffer.concat([frame(atUse), frame(program)]));
    return () => clearTimeout(patience);
  });
}

/** Undefined where it does not. */
async function endsWithin<T>(work: Promise<T>, patienceMs: number): Promise<T | undefined> {
  const patience = new AbortController();
  const late = delay(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    patience.abort();
  }
}
