import type { Goal } from '../problem/problem';
import { comparePairs, mean, type Pair } from './pairedComparison';
import { usualRace } from './symmetricRace';

/** What people and the next prompt are told of a program that was stopped. `cases`: their word, for example seeds. */
export function stoppedWords(done: number, count: number, cases: string): string {
  return `Stopped after ${done} of ${count} ${cases}: it is clearly worse than its parent on the same ${cases} (a verdict that is wrong with a probability of ${usualRace.errorRate * 100} % at most).`;
}

/** How a program compares with its parent. `isStopped`: by a look at the data, after which an interval would be too narrow. */
export function comparisonWords(
  pairs: readonly Pair[],
  goal: Goal,
  { word, isStopped }: { readonly word: string; readonly isStopped: boolean },
): string {
  const { meanDifference, halfWidth, better, worse, equal } = comparePairs(pairs, goal);
  const other = mean(pairs.map((pair) => pair.other));
  const sign = meanDifference >= 0 ? '+' : '';
  const percent = `${((100 * meanDifference) / Math.abs(other)).toFixed(2)} %`;
  const relative = other === 0 ? '' : ` (${sign}${percent})`;
  const interval =
    halfWidth === undefined || isStopped ? '' : ` ± ${shortNumber(halfWidth)} at 95 % confidence`;
  return `Against its parent, ${word} by ${word}: ${sign}${shortNumber(meanDifference)}${interval}${relative}; better on ${better}, worse on ${worse}, equal on ${equal}.`;
}

/** With seven digits. */
export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(7)));
}
