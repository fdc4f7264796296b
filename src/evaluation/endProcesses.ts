import { setTimeout as delay } from 'node:timers/promises';
import { StrayProcessError } from './executor';
import {
  allProcesses,
  hasEnvironmentEntry,
  hasProcessTable,
  readProcess,
  withDescendants,
} from './processTable';
import type { ProcessRecord } from './processTable';

const patienceMs = 30_000;
const betweenLooksMs = 5;

/** The processes of one execution, found without help from the kernel. */
export interface ProcessFamily {
  /** Living members by descent alone: cheap, and remembers those whose parent has died. */
  descendants(): ProcessRecord[];
  /** A process that belongs to it from elsewhere; with all that descends from it. */
  add(pid: number): void;
  /** Ends every member, also those that left the group, and resolves when none lives. Throws `StrayProcessError`. */
  end(): Promise<void>;
}

/** `mark` is an environment entry (`NAME=value`) that no process outside the family has. */
export function createProcessFamily(leaderPid: number, mark: string): ProcessFamily {
  const startTicksByPid = new Map<number, number>();

  const descendants = (): ProcessRecord[] => {
    const found = withDescendants([leaderPid, ...startTicksByPid.keys()]);
    // A pid that now starts at another time is a stranger's, and so are its descendants: look again without it.
    const strangers = found.filter(
      ({ pid, startTicks }) => (startTicksByPid.get(pid) ?? startTicks) !== startTicks,
    );
    const living = new Set(found.map(({ pid }) => pid));
    for (const pid of startTicksByPid.keys()) if (!living.has(pid)) startTicksByPid.delete(pid);
    if (strangers.length > 0) {
      for (const { pid } of strangers) startTicksByPid.delete(pid);
      return descendants();
    }
    for (const { pid, startTicks } of found) startTicksByPid.set(pid, startTicks);
    return found;
  };

  const members = (): ProcessRecord[] => {
    for (const { pid, groupId, sessionId, startTicks } of allProcesses()) {
      if (groupId === leaderPid || sessionId === leaderPid || hasEnvironmentEntry(pid, mark)) {
        startTicksByPid.set(pid, startTicks);
      }
    }
    return descendants();
  };

  return {
    descendants,
    add(pid) {
      const found = readProcess(pid);
      if (found !== undefined) startTicksByPid.set(pid, found.startTicks);
    },
    async end() {
      sendSignal(-leaderPid, 'SIGKILL');
      if (!hasProcessTable) return;
      const deadline = performance.now() + patienceMs;
      for (let left = members(); left.length > 0; left = members()) {
        // All stand still before the first one dies, so that a bomb cannot fork on while we work through the list.
        for (const { pid } of left) sendSignal(pid, 'SIGSTOP');
        for (const { pid } of left) sendSignal(pid, 'SIGKILL');
        if (performance.now() > deadline) throw new StrayProcessError(left.map(({ pid }) => pid));
        await delay(betweenLooksMs);
      }
    },
  };
}

/** Signals a process, or a group by its negated id; one that is gone already is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // EPERM: macOS answers so for a group of zombies.
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
