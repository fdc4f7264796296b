import type { ConstructionView } from '../../src/domain/session/constructionView';
import { betterDirection, formatCount, formatValue } from '../words/format';
import { seriesColour } from './constructionPainting';
import { areaMark, shapeMark } from './marks';
import type { LegendEntry } from './picture';
import { t } from '../words/texts';

/** Rows of a table that are no help any more. */
const rowLimit = 200;

export function describeConstruction(view: ConstructionView): string {
  switch (view.kind) {
    case 'step-function': {
      const [low, high] = [Math.min(...view.values), Math.max(...view.values)];
      return t(
        '{0}. A function of {1} equal pieces from {2} to {3}, with values from {4} to {5}.',
        view.title,
        formatCount(view.values.length),
        formatValue(view.from),
        formatValue(view.to),
        short(low),
        short(high),
      );
    }
    case 'circles':
      return t(
        '{0}. {1} circles in a rectangle of {2} by {3}; their radii sum to {4}.',
        view.title,
        formatCount(view.circles.length),
        formatValue(view.width),
        formatValue(view.height),
        formatValue(view.circles.reduce((sum, { r }) => sum + r, 0)),
      );
    case 'polygon':
      return t(
        '{0}. A polygon of {1} corners over {2} wanted and {3} unwanted points.',
        view.title,
        formatCount(view.polygon.length),
        formatCount(view.wanted.length),
        formatCount(view.unwanted.length),
      );
    case 'bars':
      return t(
        '{0}. {1} cases in {2}, {3}: {4}.',
        view.title,
        formatCount(view.rows.length),
        view.unit,
        betterDirection(view.goal),
        view.series.join(', '),
      );
  }
}

export function constructionLegend(view: ConstructionView): LegendEntry[] {
  switch (view.kind) {
    case 'step-function':
    case 'circles':
      return [];
    case 'polygon':
      return [
        { text: t('wanted'), mark: shapeMark('circle', (theme) => theme.accepted) },
        { text: t('unwanted'), mark: shapeMark('square', (theme) => theme.outcomes.crashed) },
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
        [t('Piece'), t('From'), t('Value')],
        view.values.map((value, index) => [
          String(index + 1),
          short(view.from + index * width),
          formatValue(value),
        ]),
      );
    }
    case 'circles':
      return cut(
        [t('Circle'), 'x', 'y', t('Radius')],
        view.circles.map(({ x, y, r }, index) => [String(index + 1), ...[x, y, r].map(formatValue)]),
      );
    case 'polygon':
      return cut(
        [t('Corner'), 'x', 'y'],
        view.polygon.map((corner, index) => [String(index + 1), ...corner.map(formatValue)]),
      );
    case 'bars':
      return cut(
        [t('Case'), ...view.series],
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
      : t(
          'The first {0} of {1} rows. The candidate’s artifact “view” has them all.',
          rowLimit,
          formatCount(rows.length),
        );
  return { columns, rows: rows.slice(0, rowLimit), note };
}

function short(value: number): string {
  return formatValue(Number(value.toPrecision(4)));
}
