import type { Metric } from './problem';
import type { RewardExpression } from './rewardExpression';

/** What is doubtful about a reward, though it can be computed. */
export type RewardDoubt = 'ignores-metric' | 'contradicts-goal';

/**
 * Compares an expression with the metric it should serve. It contradicts the goal if, with all other metrics fixed, the
 * reward falls at each of several steps towards a better metric.
 */
export function doubtAbout(expression: RewardExpression, metric: Metric): RewardDoubt | undefined {
  if (!expression.names.has(metric.name)) return 'ignores-metric';
  const towardsBetter = metric.goal === 'minimize' ? [4, 2, 1, 0.5, 0.25] : [0.25, 0.5, 1, 2, 4];
  const rewards: number[] = [];
  for (const value of towardsBetter) {
    const metrics = Object.fromEntries(
      [...expression.names].map((name) => [name, name === metric.name ? value : 1]),
    );
    const result = expression.evaluate(metrics);
    if (result.ok) rewards.push(result.reward);
  }
  const falls = rewards.slice(1).every((reward, index) => reward < (rewards[index] ?? -Infinity));
  return rewards.length >= 2 && falls ? 'contradicts-goal' : undefined;
}
