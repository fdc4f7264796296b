import type { DashboardHeader } from '../../src/protocol/dashboardMessages';
import { formatValue } from '../words/format';
import { t } from '../words/texts';

/** How values are drawn: as they are, or as the logarithm of what is missing to a reference. */
export interface ValueView {
  readonly title: string;
  /** Where a value is drawn; NaN where it cannot be, as it has reached the reference. */
  of(value: number): number;
  /** What stands at that height, for ticks. */
  format(y: number): string;
  /** Heights of ticks; `undefined`: as the chart likes. */
  readonly ticks?: (min: number, max: number) => number[];
  readonly isDistance: boolean;
  /** Label of the reference that the distance is to. */
  readonly reference?: string;
  /** 1: lower is better. */
  readonly sign: 1 | -1;
}

export function valueView(header: DashboardHeader, distanceTo: string | null): ValueView {
  const reference = header.references.find(({ label }) => label === distanceTo);
  const unit = header.unit === '' ? '' : ` (${header.unit})`;
  const sign = header.goal === 'minimize' ? 1 : -1;
  if (reference === undefined) {
    return {
      title: `${header.metricName}${unit}`,
      of: (value) => value,
      format: formatValue,
      isDistance: false,
      sign,
    };
  }
  return {
    title: `${t('distance to {0}', reference.label)}${unit}`,
    of: (value) => logarithm(sign * (value - reference.value)),
    format: (y) => powerOfTen(y),
    ticks: decades,
    isDistance: true,
    reference: reference.label,
    // A distance gets smaller, whatever the goal.
    sign: 1,
  };
}

function logarithm(distance: number): number {
  return distance > 0 ? Math.log10(distance) : Number.NaN;
}

function powerOfTen(y: number): string {
  const distance = 10 ** y;
  return formatValue(Number(distance.toPrecision(2)));
}

/** Each power of ten; 2 and 5 times it as well where there are few. */
function decades(min: number, max: number): number[] {
  const ticks: number[] = [];
  const between = max - min > 4 ? [1] : [1, 2, 5];
  for (let decade = Math.floor(min); decade <= Math.ceil(max); decade++) {
    for (const factor of between) {
      const y = decade + Math.log10(factor);
      if (y >= min && y <= max) ticks.push(y);
    }
  }
  return ticks.length > 9 ? ticks.filter((y) => Number.isInteger(y)) : ticks;
}
