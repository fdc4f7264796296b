/**
 * A sequential test on paired differences that may be looked at after every pair: is one program worse than another on the same cases?
 *
 * Each difference is divided by the root mean square of those so far, itself included, which makes it free of units. For a fixed λ,
 * Π exp(λZᵢ − λ²Zᵢ²/2) is a non-negative supermartingale that starts at 1, whatever the variances, if each difference is symmetric about
 * a value ≤ 0 given the earlier ones: cosh(x) ≤ exp(x²/2) (V. H. de la Peña, "A general class of exponential inequalities for martingales
 * and ratios", Annals of Probability 27, 1999, lemma 6.1). So is the mean over several λ. By Ville's inequality the mean reaches 1/α ever,
 * over all numbers of pairs, with probability at most α (S. R. Howard et al., "Time-uniform Chernoff bounds via nonnegative
 * supermartingales", Probability Surveys 17, 2020).
 *
 * The scale may look at the difference itself, as it looks at its size alone; and a scaled difference grows with the difference, so moving
 * the centre of symmetry below 0 only lowers the expectation.
 *
 * What it costs: nothing is assumed of the variance, of normality or of tails, but the differences are assumed symmetric about their
 * mean. Where they are strongly skewed, the test is about their centre rather than their mean; `test/domain/racing` has its rate there.
 */
export interface RaceOptions {
  /** Most probability with which a program that is not worse is ever called worse, over all looks together. */
  readonly errorRate: number;
  /** No verdict before so many pairs. */
  readonly leastPairs: number;
}

export const usualRace: RaceOptions = { errorRate: 0.01, leastPairs: 8 };

/** In standard deviations of the differences; each is best for a shift of about its size. */
const lambdas = [0.1, 0.15, 0.25, 0.4, 0.6, 0.9] as const;

/**
 * The natural logarithm of the evidence that the differences are centred above 0, after all of them. `worsenings` are in the order of the
 * cases, greater meaning worse, and finite.
 */
export function logEvidence(worsenings: readonly number[]): number {
  let [sumOfSquares, sum, variance] = [0, 0, 0];
  // Differences near the largest number would overflow when squared; only their ratios count.
  const largest = worsenings.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return 0;
  for (const [index, worsening] of worsenings.entries()) {
    const value = worsening / largest;
    sumOfSquares += value * value;
    if (value === 0 || sumOfSquares === 0) continue;
    const scaled = value / Math.sqrt(sumOfSquares / (index + 1));
    sum += scaled;
    variance += scaled * scaled;
  }
  const logs = lambdas.map((lambda) => lambda * sum - (lambda * lambda * variance) / 2);
  const highest = Math.max(...logs);
  return highest + Math.log(logs.reduce((total, log) => total + Math.exp(log - highest), 0) / logs.length);
}

/**
 * True if the differences so far show that the program is worse. Asked after each pair, it answers true for a program that is not worse
 * with probability `errorRate` at most.
 */
export function isClearlyWorse(worsenings: readonly number[], options: RaceOptions = usualRace): boolean {
  return worsenings.length >= options.leastPairs && logEvidence(worsenings) >= -Math.log(options.errorRate);
}
