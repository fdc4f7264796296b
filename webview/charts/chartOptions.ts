import {
  Chart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
  type ChartDataset,
  type ChartOptions,
  type Point,
} from 'chart.js';
import annotationPlugin, { type AnnotationOptions } from 'chartjs-plugin-annotation';
import type { DashboardHeader } from '../../src/protocol/dashboardMessages';
import { translucent, type ChartTheme } from './chartTheme';
import { formatWithUnit } from '../words/format';
import type { ValueRange } from '../data/valueRange';

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler, Tooltip, annotationPlugin);

export type LineDataset = ChartDataset<'line', Point[]>;
export type LineChart = Chart<'line', Point[]>;

/** A gap in a line is a point without a number; Chart.js draws nothing for it. */
export function point(x: number, y: number | null): Point {
  return { x, y: y ?? Number.NaN };
}

export interface AxisWords {
  readonly unit: string;
  readonly valueTitle: string;
}

/** Options common to both charts: x counts steps (0 is the initial program), y is the raw metric. */
export function lineChartOptions(
  theme: ChartTheme,
  words: AxisWords,
  range: ValueRange | undefined,
  stepCount: number,
  annotations: Record<string, AnnotationOptions>,
): ChartOptions<'line'> {
  const font = { family: theme.fontFamily, size: theme.fontSizePx };
  const ticks = { color: theme.mutedText, font, maxRotation: 0, includeBounds: false };
  const grid = { color: theme.grid, lineWidth: theme.highContrast ? 0.5 : 1, drawTicks: false };
  return {
    parsing: false,
    normalized: true,
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    locale: 'en-US',
    interaction: { mode: 'index', intersect: false },
    scales: {
      x: {
        type: 'linear',
        min: 0,
        max: Math.max(5, stepCount),
        title: { display: true, text: 'step', color: theme.mutedText, font },
        ticks: { ...ticks, precision: 0, padding: 6 },
        grid: { ...grid, display: theme.highContrast },
        border: { color: theme.grid },
      },
      y: {
        type: 'linear',
        ...(range === undefined ? {} : { min: range.min, max: range.max }),
        title: { display: true, text: words.valueTitle, color: theme.mutedText, font },
        ticks: { ...ticks, maxTicksLimit: 7, padding: 6 },
        grid,
        border: { display: false },
      },
    },
    plugins: {
      annotation: { annotations, clip: true },
      tooltip: {
        backgroundColor: theme.tooltipBackground,
        titleColor: theme.tooltipText,
        bodyColor: theme.tooltipText,
        borderColor: theme.tooltipBorder,
        borderWidth: 1,
        cornerRadius: 3,
        titleFont: font,
        bodyFont: font,
        boxPadding: 4,
        usePointStyle: true,
        filter: (item) => Number.isFinite(item.parsed.y),
        callbacks: {
          title: (items) => {
            const step = items[0]?.parsed.x;
            return step === 0 ? 'Initial program' : `Step ${step ?? ''}`;
          },
          label: (item) => `${item.dataset.label ?? ''} ${formatWithUnit(item.parsed.y, words.unit)}`,
        },
      },
    },
  };
}

/** More lines than this cannot be told apart; all of them are listed as text. */
const referenceLineLimit = 6;
/** Labels nearer than this share of the axis share one line of text. */
const labelDistance = 0.08;

/**
 * Dashed lines at the references in view. Labels stand at the right end on the better side of their line, where a search
 * arrives last; labels that would overlap are joined.
 */
export function referenceLines(
  header: DashboardHeader,
  range: ValueRange | undefined,
  theme: ChartTheme,
): Record<string, AnnotationOptions> {
  if (range === undefined) return {};
  const sign = header.goal === 'minimize' ? 1 : -1;
  const bestFirst = header.references
    .filter(({ value }) => value >= range.min && value <= range.max)
    .slice(0, referenceLineLimit)
    .sort((a, b) => sign * (a.value - b.value));
  const lines: { value: number; labels: string[] }[] = [];
  let labelled: (typeof lines)[number] | undefined;
  for (const { label, value } of bestFirst) {
    const line = { value, labels: [] };
    lines.push(line);
    const far =
      labelled === undefined || Math.abs(value - labelled.value) > labelDistance * (range.max - range.min);
    if (far) labelled = line;
    labelled?.labels.push(label);
  }
  return Object.fromEntries(
    lines.map(({ value, labels }, index) => [
      `reference${index}`,
      referenceLine(value, labels.join(', '), header.goal, theme),
    ]),
  );
}

function referenceLine(
  value: number,
  label: string,
  goal: DashboardHeader['goal'],
  theme: ChartTheme,
): AnnotationOptions {
  return {
    type: 'line',
    scaleID: 'y',
    value,
    borderColor: theme.reference,
    borderWidth: theme.highContrast ? 1.5 : 1,
    borderDash: [5, 4],
    drawTime: 'beforeDatasetsDraw',
    label: {
      display: label !== '',
      content: label,
      position: 'end',
      yAdjust: goal === 'minimize' ? 9 : -9,
      padding: { x: 2, y: 0 },
      backgroundColor: translucent(theme.background, 0.7),
      color: theme.highContrast ? theme.text : theme.reference,
      font: { family: theme.fontFamily, size: theme.fontSizePx, weight: 'normal' },
      drawTime: 'afterDatasetsDraw',
    },
  };
}
