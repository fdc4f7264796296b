import type { Goal } from '../problem/problem';
import { comparePairs, estimatedMean, worseningsOf, type Pair } from './pairedComparison';
import { isClearlyWorse, usualRace, type RaceOptions } from './symmetricRace';

/**
 * A program on its way through cases that another has run to the end. It looks at the pairs in the order of the cases, as the test wants it,
 * not in the order in which cases happen to end: quick cases may be others than slow ones.
 */
export class Race {
  readonly #own: (number | undefined)[];
  #looked = 0;
  #isLost = false;

  /** `others`: what the other program has on each case, in the order of the cases; finite. */
  constructor(
    private readonly others: readonly number[],
    private readonly goal: Goal,
    private readonly options: RaceOptions = usualRace,
  ) {
    this.#own = others.map(() => undefined);
  }

  /** The program is worse than the other, and has cases left that it need not run. Stays true. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Of the cases that the program has run, in their order. */
  get pairs(): readonly Pair[] {
    return this.#own.flatMap((own, index) => {
      const other = this.others[index];
      return own === undefined || other === undefined ? [] : [{ own, other }];
    });
  }

  /** The program's mean over all cases; an estimate as long as it has not run them all. See `estimatedMean`. */
  get mean(): number {
    return estimatedMean(
      this.pairs,
      this.others.filter((_, index) => this.#own[index] === undefined),
    );
  }

  /** What the program has on a case. A second value of a case, and a case that the other has not, change nothing. */
  add(index: number, value: number): void {
    if (index >= this.others.length || this.#own[index] !== undefined) return;
    this.#own[index] = value;
    while (!this.#isLost && this.#own[this.#looked] !== undefined) {
      this.#looked += 1;
      this.#isLost = this.#looked < this.others.length && this.#isClearlyWorse();
    }
  }

  /** The mean counts, too: so the estimate of a program that is stopped is worse than what the other has. */
  #isClearlyWorse(): boolean {
    const { pairs } = this;
    const { meanDifference } = comparePairs(pairs, this.goal);
    const isWorse = this.goal === 'maximize' ? meanDifference < 0 : meanDifference > 0;
    return isWorse && isClearlyWorse(worseningsOf(pairs.slice(0, this.#looked), this.goal), this.options);
  }
}
