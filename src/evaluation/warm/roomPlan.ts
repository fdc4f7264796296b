import type { ExecutionRequest } from '../executor';
import { largestFileBytes } from '../executor';
import { blockBytes, threadsBeyondProcesses } from '../containment';
import type { Sandbox } from '../sandbox/findIsolator';
import { lookAtFile } from '../sandbox/hostFiles';
import { knownHost } from '../sandbox/hostView';
import { callsAhead, callsAtUse, canBeMadeAhead } from '../sandbox/sandboxAhead';
import { syscallFilter } from '../sandbox/syscallFilter';
import { callNumbers } from '../sandbox/systemCalls';
import type { SandboxCall } from '../sandbox/systemCalls';
import { processorPlace } from '../sandbox/unshareLoader';

/** What a zygote has to know of sandboxes that are alike; see `RoomPlan` in python/roomProgram.ts. */
export interface RoomPlan {
  /** Rooms of equal keys are interchangeable. */
  readonly key: string;
  readonly hasCases: boolean;
  /** JSON for the zygote. Looks at the host. */
  readonly told: () => unknown;
  /** JSON for the room, when it is used: the rest of its calls. Throws where a folder is not there. */
  readonly atUse: () => unknown;
}

/** Undefined where the sandbox cannot be made before it is known what for, or not on this host. */
export function roomPlan(sandbox: Sandbox, request: ExecutionRequest): RoomPlan | undefined {
  const [user, group] = [process.getuid?.(), process.getgid?.()];
  const view = knownHost(sandbox.env, sandbox.hasGpus);
  if (user === undefined || group === undefined || processorPlace() === undefined) return undefined;
  if (!canBeMadeAhead(sandbox, view)) return undefined;
  const hasCases = request.onDescriptor3 !== undefined;
  const { readable, hidden } = sandbox.files;
  const { limits } = request;
  const bounds = {
    CORE: 0,
    FSIZE: Math.max(1, Math.floor(largestFileBytes(limits) / blockBytes)) * blockBytes,
    NPROC: limits.processes + threadsBeyondProcesses,
  };
  const { memoryBytes, hasGpus, locks } = sandbox;
  return {
    key: JSON.stringify([readable, hidden, memoryBytes, hasGpus, locks, bounds, hasCases, view]),
    hasCases,
    told: () => {
      const ahead = callsAhead(sandbox, view, lookAtFile);
      return {
        account: [user, group],
        namespaces: ahead.namespaces,
        outside: encoded(ahead.outside),
        inside: encoded(ahead.inside),
        limits: bounds,
        systemCalls: syscallFilter(sandbox)?.toString('base64') ?? null,
        hasCases,
      };
    },
    atUse: () => encoded(callsAtUse(sandbox, view, lookAtFile)),
  };
}

/** `[error number that is none, number of the call, argument…]` or a word; the zygote itself says who it is, and forks. */
function encoded(calls: readonly SandboxCall[]): readonly unknown[] {
  const place = processorPlace() ?? 0;
  return calls.flatMap((call): unknown[] => {
    switch (call.kind) {
      case 'call': {
        const args = call.args.map((arg) =>
          typeof arg === 'object' ? { bytes: Buffer.from(arg).toString('base64') } : arg,
        );
        return [[call.mayFailWith ?? -1, callNumbers[call.name][place], ...args]];
      }
      case 'loopback':
        return [call.kind];
      case 'ids':
      case 'fork':
      case 'filter':
        return [];
    }
  });
}
