import type { ParsedProblem } from '../../../domain/problem/parseProblem';
import { parseReward } from '../../../domain/problem/rewardExpression';
import type { Range } from '../../../domain/text/position';
import { closest } from '../../../domain/text/closest';
import type { LastEvaluation } from './lastEvaluation';
import { t } from '../../base/translate';

/** What the reward comes to with numbers that were measured, for a lens above it. */
export interface RewardCheck {
  readonly at: Range;
  readonly title: string;
  /** What a click does: evaluating gives the numbers that are missing. */
  readonly offersEvaluation: boolean;
}

/** Undefined where the file has no `reward`, or one that cannot be read, which is shown as a mistake already. */
export function rewardCheck(
  parsed: ParsedProblem,
  last: LastEvaluation | undefined,
): RewardCheck | undefined {
  const place = parsed.places.keys.get('reward');
  if (place?.text === undefined) return undefined;
  const expression = parseReward(place.text);
  if (!expression.ok) return undefined;
  const at = place.key;
  if (last === undefined) {
    return { at, title: t('Evaluate the initial program to try this reward'), offersEvaluation: true };
  }
  const { outcome } = last;
  if (outcome.kind === 'failed') {
    const title = t('The last evaluation, of {0}, gave no metrics to try this reward with', last.of);
    return { at, title, offersEvaluation: true };
  }
  const { metrics } = outcome;
  const missing = [...expression.names].filter((name) => metrics[name] === undefined);
  if (missing.length > 0) {
    return { at, title: missingWords(missing, Object.keys(metrics), last.of), offersEvaluation: true };
  }
  const used = [...expression.names].map((name) => `${name} = ${shortNumber(metrics[name])}`).join(', ');
  const result = expression.evaluate(metrics);
  const title = result.ok
    ? rewardWords(place.text, shortNumber(result.reward), used, last.of)
    : noNumberWords(used, last.of);
  return { at, title, offersEvaluation: false };
}

function rewardWords(expression: string, reward: string, used: string, of: string): string {
  return used === ''
    ? t('reward = {0} → {1}', expression, reward)
    : t('reward = {0} → {1} with {2} of {3}', expression, reward, used, of);
}

function noNumberWords(used: string, of: string): string {
  return used === ''
    ? t('$(warning) This reward is no number')
    : t('$(warning) This reward is no number with {0} of {1}', used, of);
}

function missingWords(missing: readonly string[], known: readonly string[], of: string): string {
  const [first = ''] = missing;
  const meant = closest(first, known);
  const lacking = missing.join(', ');
  return meant === undefined
    ? t(
        '$(warning) The last evaluation, of {0}, has no metric {1}: it has {2}',
        of,
        lacking,
        known.slice(0, 8).join(', '),
      )
    : t('$(warning) The last evaluation, of {0}, has no metric {1}: did you mean {2}?', of, lacking, meant);
}

/** Five digits. */
function shortNumber(value: number | undefined): string {
  return value === undefined ? '' : String(Number(value.toPrecision(5)));
}
