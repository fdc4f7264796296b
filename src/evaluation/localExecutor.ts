import { stat } from 'node:fs/promises';
import { couldNotStart, firstFreeDescriptor, runContained } from './containedRun';
import { probeContainment } from './containment';
import type { Containment } from './containment';
import type { ExecutionReport, ExecutionRequest, Executor } from './executor';
import { findProgram } from './findProgram';
import { findIsolator } from './sandbox/findIsolator';
import type { Isolator, IsolatorSearch, Sandbox, Wrapping } from './sandbox/findIsolator';
import { IsolationMissingError } from './sandbox/isolation';
import type { IsolationWish, IsolatorKind } from './sandbox/isolation';
import { emptyLocks, timingLocks } from './sandbox/timingLocks';
import { NotWarmError } from './underLimits';
import { roomPlan } from './warm/roomPlan';
import { runInRoom } from './warm/runInRoom';
import type { RoomInUse } from './warm/runInRoom';
import { createWarmPool } from './warm/warmPool';
import type { Warm, WarmOptions, WarmPool } from './warm/warmPool';

/**
 * Runs commands on this machine, each in a sandbox (see sandbox/). With `isolation: 'none'`, and for trusted commands, without: then in a PID
 * namespace of their own where the kernel allows it (tried once); elsewhere their processes are found by descent, session and
 * environment. Without `/proc` (macOS) only the process group is ended and only time, output and file size are limited.
 *
 * `keepsWarm`: commands whose request has `preload` are forked from a Python with these imported, where that is possible, into sandboxes that it makes
 * ahead; it hears where not.
 * `containment: 'sweep'` does without namespaces, and so without isolation. `isolators`: the best of these that works isolates; all by default.
 */
export function createLocalExecutor(
  options: {
    readonly isolation?: IsolationWish;
    readonly containment?: 'auto' | 'sweep';
    readonly isolators?: readonly IsolatorKind[];
    readonly keepsWarm?: WarmOptions;
  } = {},
): Executor {
  const isSwept = options.containment === 'sweep';
  const isIsolated = options.isolation !== 'none' && !isSwept;
  let containment: Promise<Containment> | undefined;
  let search: Promise<IsolatorSearch> | undefined;
  const { keepsWarm, isolators } = options;
  const pool = keepsWarm && createWarmPool({ ...keepsWarm, ...(isolators && { isolators }) });
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
        const fork = sandbox.takesForks ? await pool?.take(request, signal) : undefined;
        const warm = pool && fork && { pool, found: fork };
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
  warm?: { readonly pool: WarmPool; readonly found: Warm },
): Promise<ExecutionReport> {
  const hasGpus = request.limits.gpus > 0;
  const locks = timingLocks(hasGpus, request.env['CUDA_VISIBLE_DEVICES']);
  const sandbox: Sandbox = {
    files: request.files ?? { writable: [request.cwd], readable: [], hidden: [] },
    cwd: request.cwd,
    env: request.env,
    memoryBytes: request.limits.memoryBytes,
    hasGpus,
    locks,
  };
  let release: Wrapping['release'];
  try {
    const place = warm && (await roomFor(sandbox, request, warm));
    if (place !== undefined) {
      try {
        return await runInRoom(request, place, signal);
      } finally {
        place.room.leave();
      }
    }
    const wrapping = isolator.wrap(sandbox, firstFreeDescriptor(request));
    release = wrapping.release;
    return await runContained(
      request,
      { kind: 'namespace', around: wrapping.around },
      signal,
      wrapping.input,
      warm && { ...warm.found, filter: wrapping.filter },
    );
  } finally {
    emptyLocks(locks);
    await release?.();
  }
}

/** Undefined where none can be made ahead for it. */
async function roomFor(
  sandbox: Sandbox,
  request: ExecutionRequest,
  { pool, found }: { readonly pool: WarmPool; readonly found: Warm },
): Promise<RoomInUse | undefined> {
  const plan = roomPlan(sandbox, request);
  if (plan === undefined) return undefined;
  // It throws where a folder is not there, and nobody would let go of a room then.
  const atUse = plan.atUse();
  const room = await pool.room(found, plan);
  return room && { room, atUse, warm: found };
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
