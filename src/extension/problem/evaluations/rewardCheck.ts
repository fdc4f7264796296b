import type { ParsedProblem } from '../../../domain/problem/parseProblem';
import { parseReward } from '../../../domain/problem/rewardExpression';
import type { Range } from '../../../domain/text/position';
import { closest } from '../../../domain/text/closest';
import type { LastEvaluation } from './lastEvaluation';

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
    return { at, title: 'Evaluate the initial program to try this reward', offersEvaluation: true };
  }
  const { outcome } = last;
  if (outcome.kind === 'failed') {
    const title = `The last evaluation, of ${last.of}, gave no metrics to try this reward with`;
    return { at, title, offersEvaluation: true };
  }
  const { metrics } = outcome;
  const missing = [...expression.names].filter((name) => metrics[name] === undefined);
  if (missing.length > 0) {
    return { at, title: missingWords(missing, Object.keys(metrics), last.of), offersEvaluation: true };
  }
  const used = [...expression.names].map((name) => `${name} = ${shortNumber(metrics[name])}`).join(', ');
  const result = expression.evaluate(metrics);
  const given = used === '' ? '' : ` with ${used} of ${last.of}`;
  return result.ok
    ? { at, title: `reward = ${place.text} → ${shortNumber(result.reward)}${given}`, offersEvaluation: false }
    : { at, title: `$(warning) This reward is no number${given}`, offersEvaluation: false };
}

function missingWords(missing: readonly string[], known: readonly string[], of: string): string {
  const [first = ''] = missing;
  const meant = closest(first, known);
  const advice = meant === undefined ? `it has ${known.slice(0, 8).join(', ')}` : `did you mean ${meant}?`;
  return `$(warning) The last evaluation, of ${of}, has no metric ${missing.join(', ')}: ${advice}`;
}

/** Five digits. */
function shortNumber(value: number | undefined): string {
  return value === undefined ? '' : String(Number(value.toPrecision(5)));
}
