import { randomUUID } from 'node:crypto';
import { linkSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { errorCode } from '../journal/diskFullError';
import { readJsonFile, writeJsonFile } from './privateFiles';
import { isAlive, ownIdentity, processIdentity } from './processIdentity';
import type { SessionFolder } from './sessionFolder';

const owner = z.object({
  process: processIdentity,
  /** Which runner process of the session this is: 1 for the first. */
  run: z.int().min(1),
  hostName: z.string(),
  runnerVersion: z.string(),
  /** The program it runs; it must stay as long as the process. */
  bundlePath: z.string(),
});
export type Owner = z.infer<typeof owner>;

/** Another process works on the session. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  constructor(readonly pid: number) {
    super(`The session is already running as process ${pid}.`);
  }
}

/**
 * Makes this process the one that writes the session's journal. Each owner has a file of its own, numbered, and only one
 * process can make the next one while the last owner is dead; so there is never a lock to break. Throws
 * `AlreadyRunningError`.
 */
export function claimSession(
  folder: SessionFolder,
  facts: { readonly hostName: string; readonly runnerVersion: string; readonly bundlePath: string },
): Owner {
  for (;;) {
    const last = lastOwner(folder);
    if (last !== undefined && isAlive(last.process)) throw new AlreadyRunningError(last.process.pid);
    const mine: Owner = { process: ownIdentity(), run: (last?.run ?? 0) + 1, ...facts };
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

function ownerPath(folder: SessionFolder, run: number): string {
  return join(folder.ownersPath, `${String(run).padStart(6, '0')}.json`);
}
