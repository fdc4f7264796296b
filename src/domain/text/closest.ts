/** The word of `known` that `typed` was probably meant to be, if one is near enough to suggest it. */
export function closest(typed: string, known: readonly string[]): string | undefined {
  const lower = typed.toLowerCase().slice(0, 64);
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const word of known) {
    const target = word.toLowerCase();
    const isStart = lower.length >= 2 && target.startsWith(lower);
    const distance = isStart ? 0.5 : editDistance(lower, target);
    if (distance < bestDistance && (isStart || distance <= Math.max(1, Math.floor(target.length / 3)))) {
      best = word;
      bestDistance = distance;
    }
  }
  return best;
}

/** Fewest insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
