import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../journal/diskFullError';
import { readJsonFile, writeJsonFile } from './privateFiles';
import { thisMachine, type Machine } from './machine';
import { digitsOf } from './processEnd';
import { fateOf, type ProcessFate } from './processFate';
import { ownIdentity, processIdentity } from './processIdentity';
import type { SessionFolder } from './sessionFolder';

const owner = z.object({
  process: processIdentity,
  /** Which runner process of the session this is: 1 for the first. */
  run: z.int().min(1),
  hostName: z.string(),
  /** Of the machine; older runners did not write it, and some machines have none. */
  machineId: z.string().optional(),
  pidNamespace: z.string().optional(),
  runnerVersion: z.string(),
  /** The program it runs; it must stay as long as the process. */
  bundlePath: z.string(),
  /** Length of `start.log` when it began, in bytes: what stands before is of others. */
  startLogBytes: z.int().min(0).optional(),
});
export type Owner = z.infer<typeof owner>;

/** Another process works on the session. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  constructor(readonly pid: number) {
    super(`The session is already running as process ${pid}.`);
  }
}

/** The session was last run where this machine cannot look, and may still run there. */
export class RunsElsewhereError extends Error {
  override readonly name = 'RunsElsewhereError';
  readonly advice: string;
  constructor(folder: SessionFolder, owner: Owner) {
    const { message, advice } = elsewhereWords(folder, owner);
    super(message);
    this.advice = advice;
  }
}

/** What is to be said of a session whose last process is out of sight. Two runners would spoil its journal. */
export function elsewhereWords(
  folder: SessionFolder,
  owner: Owner,
): { readonly message: string; readonly advice: string } {
  const { hostName } = owner;
  return {
    message: `It was last run on ${hostName}, whose processes cannot be seen from here: it may still run there.`,
    advice: `Connect to ${hostName} to see it and to resume it there. If that machine is gone for good, say so with "touch ${gonePath(folder, owner)}" and resume it here.`,
  };
}

/**
 * Makes this process the one that writes the session's journal. Each owner has a file of its own, numbered, and only one
 * process can make the next one while the last owner is dead; so there is never a lock to break. Throws
 * `AlreadyRunningError`, `RunsElsewhereError`.
 */
export function claimSession(
  folder: SessionFolder,
  facts: { readonly runnerVersion: string; readonly bundlePath: string },
): Owner {
  const { hostName, machineId, pidNamespace } = thisMachine();
  const startLogBytes = sizeOf(folder.startLogPath);
  for (;;) {
    const last = lastOwner(folder);
    const fate = last === undefined ? undefined : fateOfOwner(folder, last);
    if (last !== undefined && fate === 'alive') throw new AlreadyRunningError(last.process.pid);
    if (last !== undefined && fate === 'elsewhere') throw new RunsElsewhereError(folder, last);
    const mine: Owner = {
      process: ownIdentity(),
      run: (last?.run ?? 0) + 1,
      hostName,
      ...(machineId === undefined ? {} : { machineId }),
      ...(pidNamespace === undefined ? {} : { pidNamespace }),
      startLogBytes,
      ...facts,
    };
    const draft = join(folder.ownersPath, `.${randomUUID()}`);
    writeFileSync(draft, JSON.stringify(mine) + '\n', { mode: 0o600, flag: 'wx' });
    try {
      linkSync(draft, ownerPath(folder, mine.run));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') continue; // Another was faster: look again who it is.
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    // For people and for tools that look which bundles are in use.
    writeJsonFile(join(folder.path, 'owner.json'), mine);
    return mine;
  }
}

/** The last process that owned the session, dead or alive. */
export function lastOwner(folder: SessionFolder): Owner | undefined {
  const runs = readdirSync(folder.ownersPath)
    .map((name) => /^(\d{6,})\.json$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number);
  return runs.length === 0 ? undefined : readJsonFile(ownerPath(folder, Math.max(...runs)), owner);
}

/** What became of the process, as far as this machine can prove it, or a person has said. */
export function fateOfOwner(folder: SessionFolder, owner: Owner, here: Machine = thisMachine()): ProcessFate {
  const fate = fateOf(owner, here, folder.socketPath);
  return fate === 'elsewhere' && existsSync(gonePath(folder, owner)) ? 'gone' : fate;
}

/** A person makes this file (`touch`) when the machine of that process will never come back. */
export function gonePath(folder: SessionFolder, owner: Owner): string {
  return join(folder.ownersPath, `${digitsOf(owner.run)}.gone`);
}

function ownerPath(folder: SessionFolder, run: number): string {
  return join(folder.ownersPath, `${digitsOf(run)}.json`);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
