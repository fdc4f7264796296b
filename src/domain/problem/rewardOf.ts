import type { Metric } from './problem';
import { parseReward } from './rewardExpression';

export type Reward =
  | { readonly ok: true; readonly value: number; readonly reward: number }
  | {
      readonly ok: false;
      readonly reason: 'missing-metric' | 'not-finite' | 'bad-expression';
      readonly message: string;
    };

/**
 * The metric's value and the number to maximise: the problem's reward expression, or without one the metric itself,
 * with its sign turned if it is minimised.
 */
export function rewardOf(
  metric: Metric,
  expression: string | undefined,
  metrics: Readonly<Record<string, number>>,
): Reward {
  const value = Object.hasOwn(metrics, metric.name) ? metrics[metric.name] : undefined;
  if (value === undefined) {
    const known = Object.keys(metrics).join(', ') || 'none';
    return {
      ok: false,
      reason: 'missing-metric',
      message: `The evaluator did not give the metric "${metric.name}" (it gave: ${known}).`,
    };
  }
  if (!Number.isFinite(value)) {
    return {
      ok: false,
      reason: 'not-finite',
      message: `The metric "${metric.name}" is ${String(value)}, not a finite number.`,
    };
  }
  if (expression === undefined)
    return { ok: true, value, reward: metric.goal === 'minimize' ? 0 - value : value };
  const parsed = parseReward(expression);
  if (!parsed.ok) {
    const message = parsed.errors.map((error) => error.message).join(' ');
    return {
      ok: false,
      reason: 'bad-expression',
      message: `The reward ${expression} cannot be read: ${message}`,
    };
  }
  const result = parsed.evaluate(metrics);
  return result.ok ? { ok: true, value, reward: result.reward } : result;
}
