import type { StepRow } from '../../src/protocol/dashboardMessages';
import { stopsOf, type Stops } from '../charts/picture';
import type { Scene } from '../data/scene';
import { formatCount, formatStep, formatWithUnit } from '../words/format';
import { t } from '../words/texts';

/** A stop a step, at a height of its own, with the numbers of its distribution; Enter opens the best of the step. */
export function stepStops(
  { header, rows, facts, axis, steps }: Scene,
  y: (row: StepRow) => number,
  x: (row: StepRow) => number = (row) => axis.ofStep(row.step),
): Stops {
  const number = (value: number | null): string => formatWithUnit(value, header.unit);
  return stopsOf(
    steps.filter((row) => row.median !== null),
    {
      x,
      y,
      candidate: (row) => rows.ids[facts.steps[row.step]?.bestRow ?? -1],
      describe: (row) => [
        t('Step {0}: median {1}', formatStep(row.step), number(row.median)),
        t('best {0}', number(row.best)),
        t('half between {0} and {1}', number(row.p25), number(row.p75)),
        t('{0} of {1} valid', formatCount(row.valid), formatCount(row.evaluated)),
      ],
    },
  );
}
