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
    return textId(`${earlier}:${text}`);
  });
}

/** A short name for a text: 64 bits, no secret, no proof against someone who wants two texts to share it. */
export function textId(text: string): string {
  return hex(keyedSeed(0, text)) + hex(keyedSeed(1, text));
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
