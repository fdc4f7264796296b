import { keyedSeed } from '../keyedRandom';
import type { LineChange } from './lineDiff';

/**
 * A name for each change that only its text decides: the lines it takes away, the lines it brings, and a line on either
 * side. The same change of another candidate has the same name, wherever it stands; equal ones are counted.
 */
export function changeIds(
  base: readonly string[],
  version: readonly string[],
  changes: readonly LineChange[],
): string[] {
  const seen = new Map<string, number>();
  return changes.map(({ from, to }) => {
    const key = [
      [base[from.start - 1] ?? null],
      base.slice(from.start, from.end),
      version.slice(to.start, to.end),
      [base[from.end] ?? null],
    ];
    const text = JSON.stringify(key);
    const earlier = seen.get(text) ?? 0;
    seen.set(text, earlier + 1);
    return hex(keyedSeed(0, text, earlier)) + hex(keyedSeed(1, text, earlier));
  });
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
