import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { containerRefusal } from './sandbox/containerBundle';
import { sendSignal } from './endProcesses';
import type { ProcessFamily } from './endProcesses';
import { StrayProcessError } from './executor';
import type { ExecutionEnd } from './executor';
import type { ProcessRecord } from './processTable';

/** SIGKILL frees gigabytes of memory or a device before it is done. */
const killPatienceMs = 60_000;
const betweenLooksMs = 20;
/** Once all processes are gone their pipes close at once, unless one of them hid from us. */
const pipePatienceMs = 2_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly startError?: string;
}

/** How the child ended, or why it could not be made. */
export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', (error) => resolve({ code: null, signal: null, startError: error.message }));
  });
}

/** Kills process 1 of the namespace; the program above it exits when the kernel has ended all the others. */
export async function endNamespace(
  outerPid: number,
  family: ProcessFamily,
  exited: Promise<Exit>,
): Promise<void> {
  const deadline = performance.now() + killPatienceMs;
  const gone = exited.then(() => 'gone' as const);
  do {
    sendSignal(firstOfNamespace(outerPid, family)?.pid ?? outerPid, 'SIGKILL');
    if ((await Promise.race([gone, delay(betweenLooksMs)])) === 'gone') return;
  } while (performance.now() < deadline);
  throw new StrayProcessError(family.descendants().map(({ pid }) => pid));
}

/** Process 1 of the namespace, by its number outside. */
export function firstOfNamespace(outerPid: number, family: ProcessFamily): ProcessRecord | undefined {
  return family.descendants().find(({ parentPid }) => parentPid === outerPid);
}

/** @param wrapperWords what the programs in front of the command printed on standard error. */
export function endOf(exit: Exit, wrapperWords: string): ExecutionEnd {
  if (exit.signal !== null) return signalled(exit.signal);
  const code = exit.code ?? -1;
  const refusal = code === 0 ? undefined : containerRefusal(wrapperWords);
  if (refusal !== undefined) return { kind: 'could-not-start', message: refusal };
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
export async function closePipes(child: ChildProcess, closed: Promise<void>): Promise<void> {
  const patience = new AbortController();
  const timer = delay(pipePatienceMs, undefined, { signal: patience.signal }).catch(() => undefined);
  await Promise.race([closed, timer]);
  patience.abort();
  child.stdin?.destroy();
  child.stdout?.destroy();
  child.stderr?.destroy();
  for (const stream of child.stdio.slice(3)) stream?.destroy();
}
