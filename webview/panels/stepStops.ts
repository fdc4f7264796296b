import type { StepRow } from '../../src/protocol/dashboardMessages';
import { stopsOf, type Stops } from '../charts/picture';
import type { Scene } from '../data/scene';
import { formatStep, formatWithUnit } from '../words/format';

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
        `Step ${formatStep(row.step)}: median ${number(row.median)}`,
        `best ${number(row.best)}`,
        `half between ${number(row.p25)} and ${number(row.p75)}`,
        `${row.valid} of ${row.evaluated} valid`,
      ],
    },
  );
}
