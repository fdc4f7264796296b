/** A place in both sequences. */
interface Split {
  readonly a: number;
  readonly b: number;
}

interface Box {
  readonly aStart: number;
  readonly aEnd: number;
  readonly bStart: number;
  readonly bEnd: number;
}

/** Steps after which the search for the best split takes the furthest one it has; below, changes are the fewest. */
const leastPatience = 128;

/**
 * Reports every element of `a` that is not in a longest common subsequence with `b`, and every one of `b`. Myers' O(ND)
 * algorithm in linear space ("An O(ND) Difference Algorithm and Its Variations", 1986), given up on a split that
 * takes too many steps as GNU diff and git do: then the subsequence is common, and may not be the longest.
 */
export function markDifferences(
  a: Int32Array,
  b: Int32Array,
  changedA: (index: number) => void,
  changedB: (index: number) => void,
): void {
  const search = new SplitSearch(a, b);
  const boxes: Box[] = [{ aStart: 0, aEnd: a.length, bStart: 0, bEnd: b.length }];
  for (let box = boxes.pop(); box !== undefined; box = boxes.pop()) {
    let { aStart, aEnd, bStart, bEnd } = box;
    while (aStart < aEnd && bStart < bEnd && a[aStart] === b[bStart]) {
      aStart += 1;
      bStart += 1;
    }
    while (aStart < aEnd && bStart < bEnd && a[aEnd - 1] === b[bEnd - 1]) {
      aEnd -= 1;
      bEnd -= 1;
    }
    if (aStart === aEnd) {
      for (let index = bStart; index < bEnd; index++) changedB(index);
    } else if (bStart === bEnd) {
      for (let index = aStart; index < aEnd; index++) changedA(index);
    } else {
      const split = search.split({ aStart, aEnd, bStart, bEnd });
      boxes.push({ aStart, aEnd: split.a, bStart, bEnd: split.b });
      boxes.push({ aStart: split.a, aEnd, bStart: split.b, bEnd });
    }
  }
}

/** Finds where a shortest path of edits crosses the middle of a box, from both its corners at once. */
class SplitSearch {
  /** Furthest place in `a` on a diagonal (place in `a` less place in `b`), from the start and from the end. */
  private readonly forward: Int32Array;
  private readonly backward: Int32Array;
  private readonly offset: number;
  private readonly patience: number;

  constructor(
    private readonly a: Int32Array,
    private readonly b: Int32Array,
  ) {
    const diagonals = a.length + b.length + 3;
    this.forward = new Int32Array(diagonals);
    this.backward = new Int32Array(diagonals);
    this.offset = b.length + 1;
    this.patience = Math.max(leastPatience, Math.ceil(Math.sqrt(diagonals)));
  }

  split({ aStart, aEnd, bStart, bEnd }: Box): Split {
    const { a, b, forward, backward, offset } = this;
    const least = aStart - bEnd;
    const most = aEnd - bStart;
    const first = aStart - bStart;
    const last = aEnd - bEnd;
    const isOdd = ((first - last) & 1) !== 0;
    let [forwardLow, forwardHigh, backwardLow, backwardHigh] = [first, first, last, last];
    forward[first + offset] = aStart;
    backward[last + offset] = aEnd;
    const far = aEnd + bEnd + 1;
    for (let step = 1; ; step++) {
      if (forwardLow > least) forward[--forwardLow - 1 + offset] = -1;
      else forwardLow += 1;
      if (forwardHigh < most) forward[++forwardHigh + 1 + offset] = -1;
      else forwardHigh -= 1;
      for (let diagonal = forwardHigh; diagonal >= forwardLow; diagonal -= 2) {
        const down = forward[diagonal + 1 + offset] ?? -1;
        const right = forward[diagonal - 1 + offset] ?? -1;
        let x = right >= down ? right + 1 : down;
        while (x < aEnd && x - diagonal < bEnd && a[x] === b[x - diagonal]) x += 1;
        forward[diagonal + offset] = x;
        const isSeen = isOdd && backwardLow <= diagonal && diagonal <= backwardHigh;
        if (isSeen && (backward[diagonal + offset] ?? far) <= x) return { a: x, b: x - diagonal };
      }
      if (backwardLow > least) backward[--backwardLow - 1 + offset] = far;
      else backwardLow += 1;
      if (backwardHigh < most) backward[++backwardHigh + 1 + offset] = far;
      else backwardHigh -= 1;
      for (let diagonal = backwardHigh; diagonal >= backwardLow; diagonal -= 2) {
        const up = backward[diagonal - 1 + offset] ?? far;
        const left = backward[diagonal + 1 + offset] ?? far;
        let x = up < left ? up : left - 1;
        while (x > aStart && x - diagonal > bStart && a[x - 1] === b[x - 1 - diagonal]) x -= 1;
        backward[diagonal + offset] = x;
        const isSeen = !isOdd && forwardLow <= diagonal && diagonal <= forwardHigh;
        if (isSeen && x <= (forward[diagonal + offset] ?? -1)) return { a: x, b: x - diagonal };
      }
      if (step < this.patience) continue;
      const ahead = this.furthest({ aStart, aEnd, bStart, bEnd }, forwardLow, forwardHigh);
      const behind = this.furthestBack({ aStart, aEnd, bStart, bEnd }, backwardLow, backwardHigh);
      const gained = ahead.a + ahead.b - (aStart + bStart);
      return aEnd + bEnd - (behind.a + behind.b) < gained ? ahead : behind;
    }
  }

  private furthest({ aStart, aEnd, bStart, bEnd }: Box, low: number, high: number): Split {
    let best: Split = { a: aStart, b: bStart };
    for (let diagonal = high; diagonal >= low; diagonal -= 2) {
      const x = Math.min(this.forward[diagonal + this.offset] ?? aStart, aEnd, bEnd + diagonal);
      if (x + x - diagonal > best.a + best.b) best = { a: x, b: x - diagonal };
    }
    return best;
  }

  private furthestBack({ aStart, aEnd, bStart, bEnd }: Box, low: number, high: number): Split {
    let best: Split = { a: aEnd, b: bEnd };
    for (let diagonal = high; diagonal >= low; diagonal -= 2) {
      const x = Math.max(this.backward[diagonal + this.offset] ?? aEnd, aStart, bStart + diagonal);
      if (x + x - diagonal < best.a + best.b) best = { a: x, b: x - diagonal };
    }
    return best;
  }
}
