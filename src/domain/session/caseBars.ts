import type { Goal } from '../problem/problem';
import type { ConstructionView } from './constructionView';
import type { CaseResult } from './outcome';

const mostRows = 200;
const mostLetters = 200;

/**
 * A picture for evaluators that offer none: the value of each case that has one, microseconds of a shape or points of a seed. Cases in
 * another unit than the first are left out. Undefined where fewer than two have a value: that is the metric itself.
 */
export function caseBars(
  cases: readonly CaseResult[],
  goal: Goal,
): Extract<ConstructionView, { kind: 'bars' }> | undefined {
  const valued = cases.filter(({ value }) => value !== undefined && Number.isFinite(value));
  const unit = valued[0]?.unit;
  const alike = valued.filter((one) => one.unit === unit);
  if (alike.length < 2) return undefined;
  const drawn = alike.slice(0, mostRows);
  return {
    kind: 'bars',
    title:
      drawn.length === alike.length
        ? 'Each case of the evaluation'
        : `The first ${drawn.length} of ${alike.length} cases of the evaluation`,
    unit: (unit ?? '').slice(0, mostLetters),
    goal,
    series: ['This program'],
    rows: drawn.map(({ name, value }) => ({ label: name.slice(0, mostLetters), values: [value ?? null] })),
  };
}
