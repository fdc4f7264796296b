import { textOf } from './fieldValues';
import type { Metric } from './problem';
import { doubtAbout } from './rewardChecks';
import { parseReward } from './rewardExpression';
import type { Field, YamlFields } from './yamlFields';

export function readReward(
  fields: YamlFields,
  field: Field | undefined,
  metric: Metric | undefined,
): string | undefined {
  const text = textOf(fields, field);
  if (field === undefined || text === undefined) return undefined;
  const parsed = parseReward(text);
  if (!parsed.ok) {
    for (const error of parsed.errors) {
      fields.error(fields.within(field, text, error.from, error.to), 'bad-reward', error.message);
    }
    return undefined;
  }
  const doubt = metric === undefined ? undefined : doubtAbout(parsed, metric);
  if (metric !== undefined && doubt === 'ignores-metric') {
    const message = `The reward does not depend on the metric: use "${metric.name}" in it, or remove the line "reward".`;
    fields.report(field.value, 'warning', 'reward-ignores-metric', message);
  } else if (metric !== undefined && doubt === 'contradicts-goal') {
    const direction = metric.goal === 'minimize' ? 'lower' : 'higher';
    const message = `The reward falls as "${metric.name}" gets better (${direction}), and the reward is always maximised: turn its sign, or correct metric.goal.`;
    fields.report(field.value, 'warning', 'reward-contradicts-goal', message);
  }
  return text;
}

/** Of a candidate that is stopped nothing is known but an estimate of the metric. */
export function checkRewardOfStopped(
  fields: YamlFields,
  field: Field | undefined,
  reward: string | undefined,
  metric: Metric | undefined,
): void {
  if (field === undefined || reward === undefined || metric === undefined) return;
  const parsed = parseReward(reward);
  const other = parsed.ok ? [...parsed.names].find((name) => name !== metric.name) : undefined;
  if (other === undefined) return;
  const message = `With stopEarly the reward may use "${metric.name}" alone, as nothing else is known of a candidate that was stopped: take "${other}" out, or remove stopEarly.`;
  fields.error(field.value, 'bad-reward', message);
}
