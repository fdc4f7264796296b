import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const segmentPattern = /^(\d{6,})\.jsonl$/;

/** Path of a journal's segment; numbers count from 1. */
export function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(6, '0')}.jsonl`);
}

/** Numbers of the segments that exist, ascending. */
export function listSegments(folder: string): readonly number[] {
  return readdirSync(folder)
    .map((name) => segmentPattern.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}
