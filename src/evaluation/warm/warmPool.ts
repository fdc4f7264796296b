import { isAbsolute } from 'node:path';
import { systemPath } from '../containment';
import type { ExecutionRequest } from '../executor';
import { findProgram } from '../findProgram';
import type { IsolatorKind } from '../sandbox/isolation';
import { isWithin } from '../workFolder';
import { findReadOnlyView } from './readOnlyView';
import type { RoomPlan } from './roomPlan';
import type { Room } from './rooms';
import { warmCommand } from './warmCommand';
import { startZygote } from './zygote';
import type { Zygote } from './zygote';

/** Each holds its imports in memory; a problem needs one, or one for each GPU. */
const mostZygotes = 16;

/** A command, and the process that can run it. */
export interface Warm {
  readonly zygote: Zygote;
  /** File and arguments. */
  readonly args: readonly [string, ...string[]];
}

/** Zygotes of one session, started when they are needed and once more when they died. */
export interface WarmPool {
  /** Undefined where the command must be started cold. */
  take(request: ExecutionRequest, signal: AbortSignal): Promise<Warm | undefined>;
  /** A sandbox that its Python makes; undefined where that cannot, and another one has to be made for it. */
  room(warm: Warm, plan: RoomPlan): Promise<Room | undefined>;
  /** An evaluation could not be warm, and is run cold. */
  onRefused(why: string): void;
  /** Ends them all; whoever takes another one starts it. */
  dispose(): Promise<void>;
}

export interface WarmOptions {
  readonly log: (message: string) => void;
  /** False: whatever isolates makes a sandbox for each evaluation. */
  readonly makesSandboxes?: boolean;
  /** By which sandboxes that wait grow too old; that of the process by default. */
  readonly nowMs?: () => number;
  /** Those that may be used on this host; all by default. */
  readonly isolators?: readonly IsolatorKind[];
}

export function createWarmPool({
  log,
  isolators,
  makesSandboxes = true,
  nowMs = () => performance.now(),
}: WarmOptions): WarmPool {
  const zygotes = new Map<string, Promise<Zygote | undefined>>();
  /** Whether a first sandbox came to be; where none did, none is tried again. */
  const makesRooms = new WeakMap<Zygote, boolean>();
  let disposal = new AbortController();

  async function start(python: string, env: Record<string, string>, preload: readonly string[]) {
    const { signal } = disposal;
    try {
      const readOnlyView = await findReadOnlyView(isolators);
      return await startZygote({ python, env, preload, readOnlyView, nowMs }, signal);
    } catch (error) {
      if (!signal.aborted) {
        log(
          `Evaluations start Python anew each time, for it cannot be kept ready with ${preload.join(', ')} imported: ` +
            messageOf(error),
        );
      }
      return undefined;
    }
  }

  return {
    async take(request, signal) {
      const { preload = [] } = request;
      if (preload.length === 0 || request.input !== undefined) return undefined;
      const command = warmCommand(request.argv);
      if (command === undefined) return undefined;
      const path = request.env['PATH'] ?? systemPath;
      const python = await findProgram(command.program, path, request.cwd);
      // What lies in a work folder is gone with it, and may be a candidate's.
      const own = [request.cwd, ...(request.files?.writable ?? [])];
      if (python === undefined || !isAbsolute(python) || own.some((folder) => isWithin(folder, python))) {
        return undefined;
      }
      const env = startEnvironment(request.env);
      // Modules of a single evaluation are not for others.
      if (own.some((folder) => Object.values(env).some((value) => value.includes(folder)))) return undefined;
      const key = JSON.stringify([python, preload, Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1))]);
      let found = zygotes.get(key);
      if (found === undefined && zygotes.size >= mostZygotes) return undefined;
      const known = await (found && unlessAborted(found, signal));
      if (found === undefined || (known !== undefined && !known.isAlive())) {
        // Another evaluation may have found out the same meanwhile.
        if (zygotes.get(key) === found) {
          if (known !== undefined) log('The Python that is kept ready has ended; it is started again.');
          zygotes.set(key, start(python, env, preload));
        }
        found = zygotes.get(key);
      }
      const zygote = await (found && unlessAborted(found, signal));
      return zygote === undefined ? undefined : { zygote, args: command.args };
    },

    async room({ zygote }, plan) {
      if (!makesSandboxes || makesRooms.get(zygote) === false) return undefined;
      try {
        const room = await zygote.rooms.take(plan);
        makesRooms.set(zygote, true);
        return room;
      } catch (error) {
        if (!makesRooms.has(zygote)) makesRooms.set(zygote, false);
        if (zygote.isAlive()) log(`A sandbox could not be made ahead of its evaluation: ${messageOf(error)}`);
        return undefined;
      }
    },

    onRefused(why) {
      log(`An evaluation could not use the Python that is kept ready, and starts its own: ${why}`);
    },

    async dispose() {
      disposal.abort(new Error('The evaluator was closed.'));
      disposal = new AbortController();
      const all = [...zygotes.values()];
      zygotes.clear();
      for (const zygote of await Promise.all(all)) await zygote?.end();
    },
  };
}

/** Without what belongs to a single evaluation; of the runner's own environment there is nothing in it. */
function startEnvironment(env: Readonly<Record<string, string>>): Record<string, string> {
  const own = ['HOME', 'TMPDIR', 'PWD'];
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('DISCOVER_') && !own.includes(name));
  return { ...Object.fromEntries(kept), HOME: '/nonexistent' };
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason instanceof Error ? signal.reason : new Error('Cancelled.'));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
