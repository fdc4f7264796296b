import { Chart } from 'chart.js';
import { chartConfig, type Heading } from './chartConfig';
import { legendHeight, legendWidth } from './marks';
import type { ChartPicture, LegendEntry } from './picture';
import { makeSvgRecorder, svgText } from './svgRecorder';
import type { ChartTheme } from './theme';

/** A chart or a picture for a file of its own: with title, legend and background. */
export interface Exported {
  readonly title: string;
  readonly legend: readonly LegendEntry[];
  readonly theme: ChartTheme;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly content:
    | { readonly kind: 'chart'; readonly picture: ChartPicture }
    | { readonly kind: 'painting'; readonly paint: PaintFreely };
}

/** Paints into a box at the origin. */
export type PaintFreely = (
  ctx: CanvasRenderingContext2D,
  size: { readonly width: number; readonly height: number },
  theme: ChartTheme,
) => void;

const pngScale = 2;
const marginPx = 12;

/** Base64 of a PNG with two pixels for each. */
export function pngOf(exported: Exported): string {
  const canvas = document.createElement('canvas');
  const dispose = draw(canvas, exported, pngScale, false);
  const base64 = canvas.toDataURL('image/png').replace(/^.*,/, '');
  dispose();
  return base64;
}

export function svgOf(exported: Exported): string {
  const canvas = document.createElement('canvas');
  const recorder = makeSvgRecorder(canvas);
  const dispose = draw(canvas, exported, 1, true);
  const text = svgText(recorder.finish(exported.widthPx, headingHeight(exported) + exported.heightPx));
  dispose();
  return text;
}

/** Returns what to call when the canvas has been read. */
function draw(canvas: HTMLCanvasElement, exported: Exported, scale: number, isVector: boolean): () => void {
  const { theme, content, widthPx, heightPx } = exported;
  const heading: Heading = {
    heightPx: headingHeight(exported),
    paint: (ctx) => paintHeading(ctx, exported),
  };
  const width = widthPx;
  const height = heading.heightPx + heightPx;
  if (content.kind === 'chart') {
    canvas.width = width;
    canvas.height = height;
    const config = chartConfig({ picture: content.picture, theme, isVector }, heading);
    const chart = new Chart(canvas, {
      ...config,
      // A line with a style for each segment is drawn as a path, which can be recorded, and not from a cache.
      data: { datasets: config.data.datasets.map((dataset) => ({ ...dataset, segment: {} })) },
      options: { ...config.options, responsive: false, devicePixelRatio: scale },
    });
    return () => chart.destroy();
  }
  canvas.width = width * scale;
  canvas.height = height * scale;
  const ctx = canvas.getContext('2d');
  if (ctx === null) throw new Error('This browser has no canvas to paint on.');
  ctx.scale(scale, scale);
  ctx.fillStyle = theme.background;
  ctx.fillRect(0, 0, width, height);
  heading.paint(ctx);
  ctx.translate(0, heading.heightPx);
  content.paint(ctx, { width, height: heightPx }, theme);
  return () => undefined;
}

function headingHeight({ legend }: Exported): number {
  return legend.length === 0 ? 36 : 58;
}

function paintHeading(ctx: CanvasRenderingContext2D, { title, legend, theme }: Exported): void {
  ctx.textAlign = 'left';
  ctx.textBaseline = 'middle';
  ctx.fillStyle = theme.text;
  ctx.font = `600 ${theme.fontSizePx + 2}px ${theme.fontFamily}`;
  ctx.fillText(title, marginPx, 20);
  ctx.font = `${theme.fontSizePx}px ${theme.fontFamily}`;
  let x = marginPx;
  for (const { text, mark } of legend) {
    ctx.save();
    ctx.translate(x, 42 - legendHeight / 2);
    mark(ctx, theme);
    ctx.restore();
    ctx.fillStyle = theme.mutedText;
    ctx.fillText(text, x + legendWidth + 6, 42);
    x += legendWidth + 6 + ctx.measureText(text).width + 16;
  }
}
