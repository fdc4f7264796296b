import {
  Chart,
  Decimation,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  type ChartConfiguration,
  type Plugin,
  type Point,
  type Scale as ChartScale,
  type ScaleOptionsByType,
} from 'chart.js';
import type { ChartPicture, Layer, Painting, Scale } from './picture';
import type { ChartTheme } from './theme';

Chart.register(LineController, LineElement, PointElement, LinearScale, Filler, Decimation);

export type LineChart = Chart<'line', Point[]>;
export type LineConfig = ChartConfiguration<'line', Point[]>;

/** Room above the chart and what is painted in it: for exports, which need their title. */
export interface Heading {
  readonly heightPx: number;
  readonly paint: (ctx: CanvasRenderingContext2D) => void;
}

/** What is drawn at the moment: the layers of a chart that stays read it each time. */
export interface Drawn {
  picture: ChartPicture;
  theme: ChartTheme;
  readonly isVector?: boolean;
}

/** What Chart.js draws axes and lines by; layers paint the rest. It hears no events: see `explorer.ts`. */
export function chartConfig(drawn: Drawn, heading?: Heading): LineConfig {
  const { picture, theme } = drawn;
  const lanes = picture.lanes ?? [];
  return {
    type: 'line',
    data: { datasets: [...picture.datasets] },
    options: {
      parsing: false,
      normalized: true,
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      events: [],
      locale: 'en-US',
      layout: { padding: { top: 6 + (heading?.heightPx ?? 0), right: 8 } },
      scales: {
        x: {
          ...valueScale(picture.x, theme),
          position: 'bottom',
          grid: { display: theme.highContrast, color: theme.grid, lineWidth: 0.5, drawTicks: false },
          border: { color: theme.grid },
        },
        y: {
          ...withoutSkipping(valueScale(picture.y, theme)),
          grid: { color: theme.grid, lineWidth: theme.highContrast ? 0.5 : 1, drawTicks: false },
          border: { display: false },
          ...(lanes.length === 0 ? {} : { stack: 'y', stackWeight: 4, weight: 1 }),
        },
        ...(lanes.length === 0 ? {} : { lanes: laneScale(lanes, theme) }),
      },
      plugins: { decimation: { enabled: true, algorithm: 'min-max' } },
    },
    plugins: [layers(drawn, heading)],
  };
}

function valueScale(scale: Scale, theme: ChartTheme) {
  const font = { family: theme.fontFamily, size: theme.fontSizePx };
  const { ticks } = scale;
  return {
    type: 'linear' as const,
    min: scale.min,
    max: scale.max,
    title: { display: scale.title !== '', text: scale.title, color: theme.mutedText, font },
    ticks: {
      color: theme.mutedText,
      font,
      maxRotation: 0,
      includeBounds: false,
      maxTicksLimit: 9,
      padding: 6,
      callback: (value: string | number) => scale.format(Number(value)),
      ...(scale.whole === true ? { precision: 0 } : {}),
    },
    ...(ticks === undefined
      ? {}
      : {
          afterBuildTicks(built: { ticks: { value: number }[] }) {
            built.ticks = ticks(scale.min, scale.max).map((value) => ({ value }));
          },
        }),
  } satisfies Partial<ScaleOptionsByType<'linear'>> | object;
}

/** Down a chart there is room for all labels: to find out whether there is, Chart.js measures each of them, twice. */
function withoutSkipping<Values extends { readonly ticks: object }>(scale: Values) {
  return { ...scale, ticks: { ...scale.ticks, autoSkip: false } };
}

/** The strip under the values: a line of text for each lane, no numbers. */
function laneScale(lanes: readonly string[], theme: ChartTheme) {
  return {
    type: 'linear' as const,
    axis: 'y' as const,
    position: 'left' as const,
    stack: 'y',
    stackWeight: 0.3 * lanes.length,
    weight: 0,
    min: -0.5,
    max: lanes.length - 0.5,
    reverse: true,
    offset: false,
    grid: { display: false },
    border: { display: false },
    afterBuildTicks(built: { ticks: { value: number }[] }) {
      built.ticks = lanes.map((_, value) => ({ value }));
    },
    ticks: {
      color: theme.mutedText,
      font: { family: theme.fontFamily, size: theme.fontSizePx },
      autoSkip: false,
      includeBounds: false,
      padding: 6,
      callback: (value: string | number) => lanes[Number(value)] ?? '',
    },
  };
}

function layers(drawn: Drawn, heading: Heading | undefined): Plugin<'line'> {
  const paint = (chart: Chart, painted: readonly Layer[] = []): void => {
    if (painted.length === 0) return;
    const painting = paintingOf(chart, drawn);
    if (painting === undefined) return;
    for (const layer of painted) {
      chart.ctx.save();
      layer(painting);
      chart.ctx.restore();
    }
  };
  return {
    id: 'layers',
    beforeDraw(chart) {
      if (heading === undefined) return;
      const { ctx, width, height } = chart;
      ctx.save();
      ctx.fillStyle = drawn.theme.background;
      ctx.fillRect(0, 0, width, height);
      heading.paint(ctx);
      ctx.restore();
    },
    beforeDatasetsDraw: (chart) => paint(chart, drawn.picture.behind),
    afterDatasetsDraw: (chart) => paint(chart, drawn.picture.front),
  };
}

/** Of a linear scale. Chart.js gives no pixel beyond ±32,768, and zero is farther away than that from values that hardly differ. */
function pixelsOf(scale: ChartScale): (value: number) => number {
  const { min, max } = scale;
  const first = scale.getPixelForValue(min);
  const perUnit = max > min ? (scale.getPixelForValue(max) - first) / (max - min) : 0;
  return (value) => first + (value - min) * perUnit;
}

function paintingOf(chart: Chart, { theme, isVector = false }: Drawn): Painting | undefined {
  const { x, y, lanes } = chart.scales;
  if (x === undefined || y === undefined) return undefined;
  const area = { left: x.left, right: x.right, top: y.top, bottom: y.bottom };
  return {
    ctx: chart.ctx,
    theme,
    isVector,
    area,
    x: pixelsOf(x),
    y: pixelsOf(y),
    lane: (index) => lanes?.getPixelForValue(index) ?? Number.NaN,
  };
}
