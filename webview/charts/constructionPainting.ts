import type { ConstructionView } from '../../src/domain/session/constructionView';
import { formatCompact, formatValue } from '../words/format';
import { addShape, fillArea, line } from './marks';
import type { Area } from './picture';
import { translucent, type ChartTheme } from './theme';

type Of<Kind extends ConstructionView['kind']> = Extract<ConstructionView, { kind: Kind }>;
type Context = CanvasRenderingContext2D;
interface Size {
  readonly width: number;
  readonly height: number;
}

/** Paints what an evaluator offers as a picture, into a box at the origin. */
export function paintConstruction(view: ConstructionView, ctx: Context, size: Size, theme: ChartTheme): void {
  ctx.font = `${theme.fontSizePx}px ${theme.fontFamily}`;
  ctx.textBaseline = 'middle';
  switch (view.kind) {
    case 'step-function': {
      paintStepFunction(view, ctx, size, theme);
      return;
    }
    case 'circles': {
      paintCircles(view, ctx, size, theme);
      return;
    }
    case 'polygon': {
      paintPolygon(view, ctx, size, theme);
      return;
    }
    case 'bars': {
      paintBars(view, ctx, size, theme);
      return;
    }
  }
}

const margin = { left: 52, right: 10, top: 10, bottom: 22 };

/** Draws lines at 0 and at the least and greatest value, the numbers beside them, and says where values lie. */
function paintValueAxis(
  values: readonly number[],
  format: (value: number) => string,
  ctx: Context,
  { width, height }: Size,
  theme: ChartTheme,
): { readonly area: Area; readonly y: (value: number) => number } {
  const low = Math.min(0, ...values);
  const high = Math.max(low + 1e-12, ...values);
  const area = {
    left: margin.left,
    right: width - margin.right,
    top: margin.top,
    bottom: height - margin.bottom,
  };
  const y = (value: number): number =>
    area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
  ctx.strokeStyle = theme.grid;
  ctx.lineWidth = 1;
  ctx.beginPath();
  for (const value of new Set([low, 0, high])) line(ctx, area.left, y(value), area.right, y(value));
  ctx.stroke();
  ctx.fillStyle = theme.mutedText;
  ctx.textAlign = 'right';
  for (const value of new Set([low, high])) ctx.fillText(format(value), area.left - 6, y(value));
  return { area, y };
}

function paintStepFunction(
  view: Of<'step-function'>,
  ctx: Context,
  { width, height }: Size,
  theme: ChartTheme,
): void {
  const { values, from, to } = view;
  const short = (value: number): string => formatValue(Number(value.toPrecision(3)));
  const { area, y } = paintValueAxis(values, short, ctx, { width, height }, theme);
  const x = (share: number): number => area.left + share * (area.right - area.left);
  ctx.textAlign = 'left';
  ctx.fillText(formatValue(from), area.left, height - 9);
  ctx.textAlign = 'right';
  ctx.fillText(formatValue(to), area.right, height - 9);
  const outline = (): void => {
    values.forEach((value, index) => {
      ctx.lineTo(x(index / values.length), y(value));
      ctx.lineTo(x((index + 1) / values.length), y(value));
    });
  };
  if (!theme.highContrast) {
    ctx.beginPath();
    ctx.moveTo(x(0), y(0));
    outline();
    ctx.lineTo(x(1), y(0));
    ctx.closePath();
    ctx.fillStyle = translucent(theme.best, 0.22);
    ctx.fill();
  }
  ctx.beginPath();
  outline();
  ctx.strokeStyle = theme.best;
  ctx.lineWidth = theme.highContrast ? 2 : 1.25;
  ctx.lineJoin = 'round';
  ctx.stroke();
}

/** As large as fits, with the shape kept. */
function fit(
  size: Size,
  [left, bottom, right, top]: readonly [number, number, number, number],
): { readonly x: (value: number) => number; readonly y: (value: number) => number; readonly scale: number } {
  const pad = 8;
  const [across, up] = [Math.max(right - left, 1e-12), Math.max(top - bottom, 1e-12)];
  const scale = Math.min((size.width - 2 * pad) / across, (size.height - 2 * pad) / up);
  const [offX, offY] = [(size.width - scale * across) / 2, (size.height - scale * up) / 2];
  return {
    x: (value) => offX + (value - left) * scale,
    y: (value) => size.height - offY - (value - bottom) * scale,
    scale,
  };
}

function paintCircles(
  { width, height, circles }: Of<'circles'>,
  ctx: Context,
  size: Size,
  theme: ChartTheme,
): void {
  const { x, y, scale } = fit(size, [0, 0, width, height]);
  ctx.strokeStyle = theme.mutedText;
  ctx.lineWidth = 1;
  ctx.strokeRect(x(0), y(height), width * scale, height * scale);
  ctx.strokeStyle = theme.best;
  ctx.fillStyle = translucent(theme.best, 0.22);
  ctx.lineWidth = theme.highContrast ? 1.75 : 1.25;
  for (const circle of circles) {
    ctx.beginPath();
    addShape(ctx, 'circle', x(circle.x), y(circle.y), Math.max(0.5, circle.r * scale));
    if (!theme.highContrast) ctx.fill();
    ctx.stroke();
  }
}

function paintPolygon(
  { polygon, wanted, unwanted }: Of<'polygon'>,
  ctx: Context,
  size: Size,
  theme: ChartTheme,
): void {
  const { x, y } = fit(size, boundsOf([polygon, wanted, unwanted]));
  const many = wanted.length + unwanted.length > 1500;
  const points = (list: Of<'polygon'>['wanted'], shape: 'circle' | 'square', colour: string): void => {
    ctx.fillStyle = colour;
    ctx.beginPath();
    for (const [pointX, pointY] of list) addShape(ctx, shape, x(pointX), y(pointY), many ? 0.8 : 1.8);
    ctx.fill();
  };
  ctx.beginPath();
  for (const [cornerX, cornerY] of polygon) ctx.lineTo(x(cornerX), y(cornerY));
  ctx.closePath();
  if (!theme.highContrast) {
    ctx.fillStyle = translucent(theme.best, 0.16);
    ctx.fill();
  }
  ctx.strokeStyle = theme.best;
  ctx.lineWidth = theme.highContrast ? 2 : 1.25;
  ctx.stroke();
  points(unwanted, 'square', theme.outcomes.crashed);
  points(wanted, 'circle', theme.accepted);
}

function boundsOf(lists: readonly (readonly [number, number][])[]): [number, number, number, number] {
  const bounds: [number, number, number, number] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const list of lists) {
    for (const [x, y] of list) {
      bounds[0] = Math.min(bounds[0], x);
      bounds[1] = Math.min(bounds[1], y);
      bounds[2] = Math.max(bounds[2], x);
      bounds[3] = Math.max(bounds[3], y);
    }
  }
  return bounds.every(Number.isFinite) ? bounds : [0, 0, 1, 1];
}

/** Colours of series by their place: the first is what was found. */
export function seriesColour(theme: ChartTheme, index: number): string {
  return index === 0 ? theme.best : (theme.overlays[(index - 1) % theme.overlays.length] ?? theme.text);
}

function paintBars(
  { rows, series }: Of<'bars'>,
  ctx: Context,
  { width, height }: Size,
  theme: ChartTheme,
): void {
  const values = rows.flatMap((row) => row.values).filter((value) => value !== null);
  const { area, y } = paintValueAxis(values, formatCompact, ctx, { width, height }, theme);
  const group = (area.right - area.left) / Math.max(1, rows.length);
  const bar = (group * 0.8) / series.length;
  // Labels that would overlap are left out; the table has them all.
  const widest = Math.max(1, ...rows.map(({ label }) => ctx.measureText(label).width));
  const every = Math.max(1, Math.ceil((widest + 8) / group));
  rows.forEach((row, place) => {
    const left = area.left + group * (place + 0.1);
    row.values.slice(0, series.length).forEach((value, index) => {
      if (value === null) return;
      const [top, bottom] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
      const drawn = {
        left: left + index * bar,
        right: left + (index + 1) * bar - Math.min(1, bar / 4),
        top,
        bottom,
      };
      fillArea(ctx, theme, seriesColour(theme, index), index, drawn, 1);
    });
    if (place % every !== 0) return;
    ctx.fillStyle = theme.mutedText;
    ctx.textAlign = 'center';
    ctx.fillText(row.label, left + group * 0.4, height - 9);
  });
}
