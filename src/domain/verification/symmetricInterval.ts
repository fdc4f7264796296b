/**
 * A confidence interval for the centre of paired differences that holds at every number of pairs, so that one may look after each of
 * them and stop when it is narrow enough.
 *
 * If the differences are symmetric about `m`, given the earlier ones, their signs about `m` are fair coins whatever their sizes. Betting
 * a share tanh(λz) of what one has on the sign gives a factor 1 + tanh(λz) whose expectation is 1, z being the distance from `m` over the
 * root mean square of those so far, itself included, which knows sizes alone. The mean over several λ of either sign is a non-negative
 * martingale, and by Ville's inequality it ever reaches 1/α with probability α at most. The interval holds every `m` against which the
 * bets have not reached 1/α (A. Ramdas et al., "Game-theoretic statistics and safe anytime-valid inference", Statistical Science 38, 2023).
 *
 * Nothing is assumed of variance, tails or normality; symmetry is. `symmetricRace` assumes the same, and its factors are a little smaller.
 */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Each is best for a shift of about its inverse in root mean squares; the last one is close to counting signs. */
const bets = [0.2, 0.5, 1.2, 3] as const;

/** The natural logarithm of what betting against symmetry about `centre` has made of 1. `values` are finite, in order. */
export function logEvidenceAgainst(centre: number, values: readonly number[]): number {
  const distances = values.map((value) => value - centre);
  // Squares of large numbers would overflow; only ratios count.
  const largest = distances.reduce((most, distance) => Math.max(most, Math.abs(distance)), 0);
  if (largest === 0) return 0;
  const logs = bets.flatMap(() => [0, 0]);
  let sumOfSquares = 0;
  for (const [index, distance] of distances.entries()) {
    const size = distance / largest;
    sumOfSquares += size * size;
    if (sumOfSquares === 0) continue;
    const scaled = size / Math.sqrt(sumOfSquares / (index + 1));
    for (const [place, bet] of bets.entries()) {
      logs[2 * place] = (logs[2 * place] ?? 0) + logOnePlusTanh(bet * scaled);
      logs[2 * place + 1] = (logs[2 * place + 1] ?? 0) + logOnePlusTanh(-bet * scaled);
    }
  }
  const highest = Math.max(...logs);
  return highest + Math.log(logs.reduce((total, log) => total + Math.exp(log - highest), 0) / logs.length);
}

/** log(1 + tanh x), also where 1 + tanh x is too small for a number. */
function logOnePlusTanh(x: number): number {
  return x >= 0 ? Math.LN2 - Math.log1p(Math.exp(-2 * x)) : Math.LN2 + 2 * x - Math.log1p(Math.exp(2 * x));
}

/**
 * The interval; infinite ends where there are too few pairs to bound it. `undefined` without values, and where no likely centre is in it.
 * `errorRate`: most probability that it ever leaves out the true centre, over all looks together.
 */
export function symmetricInterval(values: readonly number[], errorRate: number): Interval | undefined {
  if (values.length === 0) return undefined;
  const enough = -Math.log(errorRate);
  const isIn = (centre: number): boolean => logEvidenceAgainst(centre, values) < enough;
  const least = values.reduce((low, value) => Math.min(low, value));
  const most = values.reduce((high, value) => Math.max(high, value));
  const inside = likelyCentres(values, least, most).find(isIn);
  if (inside === undefined) return undefined;
  const reach = 100 * (most > least ? most - least : Math.max(Math.abs(most), 1));
  return {
    low: inside - lastInside((distance) => isIn(inside - distance), inside - least + reach),
    high: inside + lastInside((distance) => isIn(inside + distance), most - inside + reach),
  };
}

const gridPoints = 64;

/** Where to look for a value that is in the interval, the likeliest first. */
function likelyCentres(values: readonly number[], least: number, most: number): number[] {
  const grid = Array.from({ length: gridPoints + 1 }, (_, at) => least + ((most - least) * at) / gridPoints);
  return [centreOf(values), ...grid];
}

/**
 * The largest distance that is in; infinity if `farthest` is. The evidence need not grow with the distance everywhere, so it is looked
 * for from the outside.
 */
function lastInside(isIn: (distance: number) => boolean, farthest: number): number {
  if (isIn(farthest)) return Infinity;
  let [inside, outside] = [0, farthest];
  for (let distance = farthest; distance > farthest * 1e-7; distance *= 0.85) {
    if (isIn(distance)) {
      inside = distance;
      break;
    }
    outside = distance;
  }
  for (let round = 0; round < 60 && outside - inside > 1e-9 * outside; round++) {
    const middle = (inside + outside) / 2;
    if (isIn(middle)) inside = middle;
    else outside = middle;
  }
  return inside;
}

const mostForPairwise = 600;

/**
 * The median of the means of all pairs of values (Hodges and Lehmann), which a few wild values do not move; of very many values their
 * median alone. Of nothing, not a number.
 */
export function centreOf(values: readonly number[]): number {
  if (values.length > mostForPairwise) return medianOf(values);
  return medianOf(
    values.flatMap((value, index) => values.slice(index).map((other) => value + (other - value) / 2)),
  );
}

/** Of nothing, not a number. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) / 2;
}
