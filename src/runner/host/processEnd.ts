import { join } from 'node:path';
import * as z from 'zod';
import { isDiskFull } from '../journal/diskFullError';
import { hasGrown, killCount, killCountsOfThisProcess } from './memoryKills';
import { readJsonFile, writeJsonFile } from './privateFiles';
import type { SessionFolder } from './sessionFolder';

/** What a runner process wrote down of its own end, when that was not the session's. */
const processEnd = z.object({
  version: z.literal(1),
  atMs: z.number(),
  /** `left`: it was asked to end, as by a shutdown. */
  reason: z.enum(['left', 'disk-full', 'error']),
  message: z.string().optional(),
});
export type ProcessEnd = z.infer<typeof processEnd>;

export function recordProcessEnd(folder: SessionFolder, run: number, end: Omit<ProcessEnd, 'version'>): void {
  writeJsonFile(endPath(folder, run), { version: 1, ...end });
}

/** `undefined` if it had no time for last words, or of a version that this one does not know. */
export function processEndOf(folder: SessionFolder, run: number): ProcessEnd | undefined {
  return readIfUnderstood(endPath(folder, run), processEnd);
}

const killCounts = z.array(killCount);
const lookIntervalMs = 2000;

/**
 * Writes down, while this process lives, how often the kernel had to free memory around it by killing; so that what comes on top
 * when it is gone tells of its end. Returns what ends the looking.
 */
export function watchMemoryKills(
  folder: SessionFolder,
  run: number,
  log: (message: string, error?: unknown) => void,
): () => void {
  let written = '';
  const look = (): void => {
    const counts = killCountsOfThisProcess();
    const text = JSON.stringify(counts);
    if (text === written) return;
    try {
      writeJsonFile(memoryPath(folder, run), counts);
      written = text;
    } catch (error) {
      // It is tried again, and without it an end is "lost" and no more.
      if (!isDiskFull(error)) log('The counts of the memory group could not be written down', error);
    }
  };
  look();
  const timer = setInterval(look, lookIntervalMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** Whether the kernel has killed for want of memory around a process since that process was last seen alive. */
export function wasShortOfMemory(folder: SessionFolder, run: number): boolean {
  return hasGrown(readIfUnderstood(memoryPath(folder, run), killCounts) ?? []);
}

function readIfUnderstood<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return readJsonFile(path, schema);
  } catch (error) {
    // Of another version, or cut by a full disk: then it is no evidence.
    if (error instanceof z.ZodError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function endPath(folder: SessionFolder, run: number): string {
  return join(folder.ownersPath, `${digitsOf(run)}.end.json`);
}

function memoryPath(folder: SessionFolder, run: number): string {
  return join(folder.ownersPath, `${digitsOf(run)}.memory.json`);
}

/** The number of a runner process as it stands in the names of its files. */
export function digitsOf(run: number): string {
  return String(run).padStart(6, '0');
}
