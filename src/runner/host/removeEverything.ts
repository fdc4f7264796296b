import { existsSync, readdirSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { cancelJobsOf } from '../../evaluation/slurm/cancelJobsOf';
import { SlurmError } from '../../evaluation/slurm/slurmError';
import { familyOf, Leases } from '../../policy/skyrl/lease';
import { skyrlPlaces } from '../../policy/skyrl/places';
import { systemClock } from '../clock';
import { errorCode } from '../journal/diskFullError';
import { ourProcesses } from './ourProcesses';
import { fateOfOwner, gonePath, lastOwner, type Owner } from './ownership';
import { isAlive, type ProcessIdentity } from './processIdentity';
import { requestSession } from './requestSession';
import { listSessionIds, sessionFolder, type SessionFolder } from './sessionFolder';
import { jobLabel, slurmFolder } from './sessionEvaluator';
import { recordedEnd } from './sessionListing';
import { createSkyrlHost } from './skyrlHost';

/** Something of ours still runs, so nothing was removed. */
export class StillRunningError extends Error {
  override readonly name = 'StillRunningError';
  readonly advice = 'Look what they wait for (ps -o pid,stat,wchan:20,args), then try again.';
  constructor(pids: readonly number[]) {
    super(`Processes of sessions did not end: ${pids.join(', ')}. Nothing was removed.`);
  }
}

/** Sessions may run on another machine that has the same home; what is removed here is removed under them. */
export class UsedElsewhereError extends Error {
  override readonly name = 'UsedElsewhereError';
  readonly advice: string;
  constructor(uses: readonly { readonly hostName: string; readonly gonePath: string }[]) {
    const hosts = [...new Set(uses.map(({ hostName }) => hostName))].join(', ');
    super(
      `Sessions were last run on ${hosts}, whose processes cannot be seen from here: they may still run there. Nothing was removed.`,
    );
    const paths = uses.map((use) => use.gonePath).join(' ');
    this.advice = `Remove everything from ${hosts} instead. If that is gone for good, say so with "touch ${paths}" and try again.`;
  }
}

/** The root is a folder of which not everything can be ours. */
export class SharedRootError extends Error {
  override readonly name = 'SharedRootError';
  readonly advice =
    'Remove the folders runner, runtime, environments, sessions, evaluations, known and skyrl there by hand.';
  constructor(root: string) {
    super(`${root} holds other things than ours.`);
  }
}

/** Jobs of sessions may wait or run in a cluster that cannot be asked; they would be left without their files. */
export class JobsUnknownError extends Error {
  override readonly name = 'JobsUnknownError';
  readonly advice: string;
  constructor(folders: readonly string[], cause: SlurmError) {
    super(`${cause.message} Nothing was removed.`, { cause });
    this.advice = `${cause.advice} If no job is left, say so with "rm -r ${folders.join(' ')}" and try again.`;
  }
}

/** What `removeEverything` did beside removing. */
export interface Removal {
  /** Names of what was found in the root and is not ours. */
  readonly left: readonly string[];
  /** Jobs of evaluations that waited or ran in the cluster, and that no runner was left to end. */
  readonly cancelledJobs: number;
}

const stopPatienceMs = 30_000;
const termPatienceMs = 10_000;
const killPatienceMs = 5_000;
const betweenLooksMs = 50;
const serverGraceMs = 10_000;

/** Names that we give, by folder of the root. What a person has put beside them stays. */
const ours: Readonly<Record<string, RegExp>> = {
  runner: /^[0-9a-f]{64}$|^\.partial-/,
  runtime: /^node-[0-9a-f]{64}$|^\.partial-/,
  environments: /^[0-9a-f]{16}([-.].*)?$|^\./,
  sessions: /^\.?[0-9A-HJKMNP-TV-Z]{26}(\.|$)/,
  evaluations: /^[0-9A-HJKMNP-TV-Z]{26}$/,
  skyrl: /^/,
  cache: /^jax$/,
  known: /^[0-9a-f]{64}$/,
};
const ownFiles = /^\.(lock|trial|tidied)(\b|$)/;

/**
 * Ends every session and server of this root, cancels the jobs of evaluations in a cluster, then removes all that we have put on the host. Only
 * processes of proven identity are signalled, and nothing is removed while one of them lives or a job may. Rejects with `StillRunningError`,
 * `SharedRootError`, `UsedElsewhereError`, `JobsUnknownError`.
 */
export async function removeEverything(root: string, bundlePath: string): Promise<Removal> {
  const place = resolve(root);
  if (place === dirname(place) || place === resolve(homedir())) throw new SharedRootError(place);
  const uses = usesElsewhere(place);
  if (uses.length > 0) throw new UsedElsewhereError(uses);
  await endSessions(place, bundlePath);
  await endServers(place);
  const left = await endProcesses(() => ourProcesses(place).map(({ identity }) => identity));
  if (left.length > 0) throw new StillRunningError(left.map(({ pid }) => pid));
  const cancelledJobs = await cancelJobs(place);
  const socketFolder = dirname(sessionFolder(place, 'any').socketPath);
  rmSync(socketFolder, { recursive: true, force: true });
  return { left: removeOwnFolders(place), cancelledJobs };
}

/** Of sessions that had files for jobs when they ended: those jobs outlive runners. */
async function cancelJobs(root: string): Promise<number> {
  const withJobs = listSessionIds(root).filter((id) => existsSync(jobsPath(root, id)));
  try {
    return await cancelJobsOf(withJobs.map(jobLabel), process.env);
  } catch (error) {
    if (!(error instanceof SlurmError)) throw error;
    throw new JobsUnknownError(
      withJobs.map((id) => jobsPath(root, id)),
      error,
    );
  }
}

function jobsPath(root: string, sessionId: string): string {
  return slurmFolder(sessionFolder(root, sessionId).path);
}

/** Sessions that have not ended, as far as is known here, and were last run out of sight. */
function usesElsewhere(root: string): { readonly hostName: string; readonly gonePath: string }[] {
  return listSessionIds(root).flatMap((id) => {
    const folder = sessionFolder(root, id);
    const owner = ownerOf(folder);
    const isElsewhere = owner !== undefined && fateOfOwner(folder, owner) === 'elsewhere';
    if (!isElsewhere || hasEnded(folder)) return [];
    return [{ hostName: owner.hostName, gonePath: gonePath(folder, owner) }];
  });
}

function hasEnded(folder: SessionFolder): boolean {
  try {
    return recordedEnd(folder) !== undefined;
  } catch {
    return false; // It cannot be read: then it proves nothing.
  }
}

async function endSessions(root: string, bundlePath: string): Promise<void> {
  const owned = listSessionIds(root).flatMap((id) => {
    const folder = sessionFolder(root, id);
    const identity = ownerOf(folder)?.process;
    return identity === undefined ? [] : [{ folder, identity }];
  });
  const live = owned.filter(({ identity }) => isAlive(identity));
  let areAllAsked = true;
  for (const { folder } of live) {
    try {
      await requestSession(folder, { root, bundlePath }, { request: 'stop', now: true });
    } catch {
      areAllAsked = false;
      // It does not listen, or has just ended; what still lives is signalled below.
    }
  }
  const owners = () => live.map(({ identity }) => identity).filter(isAlive);
  if (await isEmptyWithin(owners, areAllAsked ? stopPatienceMs : termPatienceMs)) return;
  await endProcesses(owners);
}

/** A record that cannot be read hinders nothing: a runner of this root is found by what it runs, too. */
function ownerOf(folder: SessionFolder): Owner | undefined {
  try {
    return lastOwner(folder);
  } catch {
    return undefined;
  }
}

/** Also those that were left warm for the next session. */
async function endServers(root: string): Promise<void> {
  const host = createSkyrlHost();
  const folders = [root, ...listSessionIds(root).map((id) => sessionFolder(root, id).path)];
  for (const folder of folders) {
    const leases = new Leases(skyrlPlaces(root, folder, true).leases);
    for (const lease of await leases.all()) {
      await host.end(familyOf(lease), serverGraceMs);
      await leases.remove(lease.id);
    }
  }
}

/** Asks them to end, then ends them. Returns those that live on all the same. */
async function endProcesses(living: () => readonly ProcessIdentity[]): Promise<readonly ProcessIdentity[]> {
  for (const [signal, patienceMs] of [
    ['SIGTERM', termPatienceMs],
    ['SIGKILL', killPatienceMs],
  ] as const) {
    for (const identity of living()) {
      if (isAlive(identity)) signalOne(identity.pid, signal);
    }
    if (await isEmptyWithin(living, patienceMs)) return [];
  }
  return living();
}

function signalOne(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

async function isEmptyWithin(list: () => readonly unknown[], patienceMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + patienceMs;
  while (list().length > 0) {
    if (performance.now() > deadlineMs) return false;
    await new Promise<void>((resolve) => {
      systemClock.after(betweenLooksMs, resolve);
    });
  }
  return true;
}

function removeOwnFolders(root: string): readonly string[] {
  for (const name of namesIn(root)) {
    const path = join(root, name);
    const isOurs = ours[name];
    if (isOurs !== undefined) {
      for (const entry of namesIn(path)) {
        if (isOurs.test(entry)) rmSync(join(path, entry), { recursive: true, force: true });
      }
      removeIfEmpty(path);
    } else if (ownFiles.test(name)) {
      rmSync(path, { recursive: true, force: true });
    }
  }
  removeIfEmpty(root);
  return namesIn(root);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw error;
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    // A link to a folder elsewhere: what was in it is gone, and the link is ours.
    if (errorCode(error) === 'ENOTDIR') unlinkSync(folder);
    else if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'ENOENT') throw error;
  }
}
