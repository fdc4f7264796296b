import type { AtCoderFolder } from '../../domain/foreign/atCoder/atCoderFolder';
import { keyedSeed } from '../../domain/keyedRandom';

/**
 * The seeds that pahcer and the contest's own inputs have: numbers of `in/0000.txt` and so on, each made from that line of `seeds.txt`, or
 * from the number itself where the list is not so long.
 */
export function officialSeeds(
  { pahcer }: AtCoderFolder,
  seedLines: readonly string[],
  count: number,
): { readonly seed: number; readonly text: string }[] {
  const start = pahcer?.startSeed ?? 0;
  const length = Math.min(count, pahcer === undefined ? count : pahcer.endSeed - start);
  return Array.from({ length }, (_, index) => {
    const seed = start + index;
    return { seed, text: seedLines[seed] ?? String(seed) };
  });
}

/** Different whole numbers below 2^31, which every generator and visualizer takes. */
export function caseSeeds(seed: number, count: number): number[] {
  const seeds = new Set<number>();
  for (let index = 0; seeds.size < count; index += 1) seeds.add(keyedSeed(seed, 'atcoder', index) >>> 1);
  return [...seeds];
}
