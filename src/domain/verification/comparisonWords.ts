import type { Metric } from '../problem/problem';
import type { FailedOutcome } from '../session/outcome';
import { roundsForExact, type Comparison, type Effect } from './comparison';
import { countOf, percentText, signedText } from './numberWords';
import type { Scale } from './scale';

/** What people call the two programs. */
export interface Labels {
  readonly a: string;
  readonly b: string;
}

/** `B (my file) is better than A (c17): height −1.2 m, between −1.4 m and −1 m with 95 % confidence, after 8 rounds.` */
export function comparisonSentence(comparison: Comparison, metric: Metric, labels: Labels): string {
  const { verdict, rounds, failures, isExact, effect, pairedBy, pairs } = comparison;
  const a = `A (${labels.a})`;
  const b = `B (${labels.b})`;
  const after =
    pairedBy === 'cases' ? `after ${countOf(pairs, 'case')}` : `after ${countOf(rounds, 'round')}`;
  switch (verdict) {
    case 'failed': {
      const words = [
        ...(failures.a === undefined ? [] : [failureSentence(a, failures.a)]),
        ...(failures.b === undefined ? [] : [failureSentence(b, failures.b)]),
      ];
      return `${words.join(' ')} A program without a value cannot be compared.`;
    }
    case 'same':
      return `No difference: both programs gave the same ${metric.name} in each of ${countOf(rounds, 'round')}.`;
    case 'unclear':
      return `Unclear ${after}: ${unclearWords(comparison, metric)}`;
    case 'a-better':
    case 'b-better': {
      const [better, worse] = verdict === 'a-better' ? [a, b] : [b, a];
      const change =
        effect === undefined
          ? ''
          : `: from A to B ${metric.name} changes by ${effectWords(comparison, effect, metric.unit)}`;
      const exactly = `, the same in each of ${countOf(rounds, 'round')}`;
      return `${better} is better than ${worse}${change}${isExact ? exactly : `, ${after}`}.`;
    }
  }
}

function unclearWords({ effect, errorRate, scale }: Comparison, { name, unit }: Metric): string {
  if (effect === undefined) return 'no round is complete.';
  const estimate = `from A to B ${name} changes by ${changeText(scale, effect.estimate, unit)}`;
  if (effect.interval === undefined)
    return `${estimate}, and that is too few rounds for an interval. Where values scatter, it takes ${leastRounds(errorRate)}; where they do not, ${roundsForExact(errorRate)}.`;
  const { low, high } = effect.interval;
  return `${estimate}, or by anything between ${changeText(scale, low, unit)} and ${changeText(scale, high, unit)} (${confidenceText(errorRate)} confidence). More rounds narrow it.`;
}

function effectWords(
  { isExact, scale, errorRate }: Comparison,
  { estimate, interval }: Effect,
  unit: string | undefined,
): string {
  const change = changeText(scale, estimate, unit);
  if (isExact || interval === undefined) return change;
  return `${change} (between ${changeText(scale, interval.low, unit)} and ${changeText(scale, interval.high, unit)} with ${confidenceText(errorRate)} confidence)`;
}

/** From A to B. */
export function changeText(scale: Scale, value: number, unit: string | undefined): string {
  return scale === 'ratio' ? percentText(value) : signedText(value, unit);
}

/** `95 %` */
export function confidenceText(errorRate: number): string {
  return `${Number(((1 - errorRate) * 100).toPrecision(6))} %`;
}

/** With so many pairs that all point one way the difference is clear, and with fewer it never is; even. */
export function leastRounds(errorRate: number): number {
  return 2 * Math.ceil(Math.log2(8 / (0.8 * errorRate)) / 2);
}

function failureSentence(who: string, { reason, message }: FailedOutcome): string {
  return `${who} failed (${reason}): ${sentence(message)}`;
}

/** With a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  return /[.!?…]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
