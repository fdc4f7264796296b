import type { ConstructionView } from '../../src/domain/session/constructionView';
import { betterDirection, formatCount, formatValue } from '../words/format';
import { seriesColour } from './constructionPainting';
import { areaMark, shapeMark } from './marks';
import type { LegendEntry } from './picture';

/** Rows of a table that are no help any more. */
const rowLimit = 200;

export function describeConstruction(view: ConstructionView): string {
  switch (view.kind) {
    case 'step-function': {
      const [low, high] = [Math.min(...view.values), Math.max(...view.values)];
      return `${view.title}. A function of ${formatCount(view.values.length)} equal pieces from ${formatValue(view.from)} to ${formatValue(view.to)}, with values from ${short(low)} to ${short(high)}.`;
    }
    case 'circles':
      return `${view.title}. ${formatCount(view.circles.length)} circles in a rectangle of ${formatValue(view.width)} by ${formatValue(view.height)}; their radii sum to ${formatValue(view.circles.reduce((sum, { r }) => sum + r, 0))}.`;
    case 'polygon':
      return `${view.title}. A polygon of ${formatCount(view.polygon.length)} corners over ${formatCount(view.wanted.length)} wanted and ${formatCount(view.unwanted.length)} unwanted points.`;
    case 'bars':
      return `${view.title}. ${formatCount(view.rows.length)} cases in ${view.unit}, ${betterDirection(view.goal)}: ${view.series.join(', ')}.`;
  }
}

export function constructionLegend(view: ConstructionView): LegendEntry[] {
  switch (view.kind) {
    case 'step-function':
    case 'circles':
      return [];
    case 'polygon':
      return [
        { text: 'wanted', mark: shapeMark('circle', (theme) => theme.accepted) },
        { text: 'unwanted', mark: shapeMark('square', (theme) => theme.outcomes.crashed) },
      ];
    case 'bars':
      return view.series.map((text, index) => ({
        text: index === 0 ? `${text} (${view.unit}, ${betterDirection(view.goal)})` : text,
        mark: areaMark((theme) => seriesColour(theme, index), index),
      }));
  }
}

export function constructionTable(view: ConstructionView): {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly note: string;
} {
  switch (view.kind) {
    case 'step-function': {
      const width = (view.to - view.from) / view.values.length;
      return cut(
        ['Piece', 'From', 'Value'],
        view.values.map((value, index) => [
          String(index + 1),
          short(view.from + index * width),
          formatValue(value),
        ]),
      );
    }
    case 'circles':
      return cut(
        ['Circle', 'x', 'y', 'Radius'],
        view.circles.map(({ x, y, r }, index) => [String(index + 1), ...[x, y, r].map(formatValue)]),
      );
    case 'polygon':
      return cut(
        ['Corner', 'x', 'y'],
        view.polygon.map((corner, index) => [String(index + 1), ...corner.map(formatValue)]),
      );
    case 'bars':
      return cut(
        ['Case', ...view.series],
        view.rows.map(({ label, values }) => [
          label,
          ...view.series.map((_, index) => formatValue(values[index] ?? null)),
        ]),
      );
  }
}

function cut(columns: string[], rows: string[][]): ReturnType<typeof constructionTable> {
  const note =
    rows.length <= rowLimit
      ? ''
      : `The first ${rowLimit} of ${formatCount(rows.length)} rows. The candidate’s artifact “view” has them all.`;
  return { columns, rows: rows.slice(0, rowLimit), note };
}

function short(value: number): string {
  return formatValue(Number(value.toPrecision(4)));
}
