import type { OutcomeGroup } from '../../src/protocol/dashboardData';
import type { ChartTheme } from './theme';

type Context = CanvasRenderingContext2D;
export type Shape = 'circle' | 'cross' | 'triangle' | 'diamond' | 'square' | 'dash' | 'plus';

/** So that an outcome is known by its shape where colours cannot be told apart. */
export const outcomeShapes: Readonly<Record<OutcomeGroup, Shape>> = {
  running: 'circle',
  valid: 'circle',
  invalid: 'cross',
  crashed: 'triangle',
  timeout: 'diamond',
  limit: 'square',
  'no-program': 'dash',
  'evaluator-error': 'plus',
};

/** Adds a shape to the path. Crosses, dashes and plusses are lines: stroke them. */
export function addShape(ctx: Context, shape: Shape, x: number, y: number, radius: number): void {
  const r = radius;
  switch (shape) {
    case 'circle':
      ctx.moveTo(x + r, y);
      ctx.arc(x, y, r, 0, 2 * Math.PI);
      break;
    case 'cross':
      line(ctx, x - r, y - r, x + r, y + r);
      line(ctx, x - r, y + r, x + r, y - r);
      break;
    case 'plus':
      line(ctx, x - r, y, x + r, y);
      line(ctx, x, y - r, x, y + r);
      break;
    case 'dash':
      line(ctx, x - r, y, x + r, y);
      break;
    case 'square':
      ctx.rect(x - r, y - r, 2 * r, 2 * r);
      break;
    case 'triangle':
      outline(ctx, [x, y - r], [x + r, y + r], [x - r, y + r]);
      break;
    case 'diamond':
      outline(ctx, [x, y - r], [x + r, y], [x, y + r], [x - r, y]);
      break;
  }
}

export function isLineShape(shape: Shape): boolean {
  return shape === 'cross' || shape === 'dash' || shape === 'plus';
}

export function line(ctx: Context, x1: number, y1: number, x2: number, y2: number): void {
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
}

function outline(ctx: Context, [x, y]: [number, number], ...others: [number, number][]): void {
  ctx.moveTo(x, y);
  for (const [otherX, otherY] of others) ctx.lineTo(otherX, otherY);
  ctx.closePath();
}

/** What fills an area in high contrast instead of a shade: parallel lines, another kind for each index. */
export function hatch(
  ctx: Context,
  index: number,
  area: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
): void {
  const { left, right, top, bottom } = area;
  const kind = index % 4;
  const gap = 5 + 2 * Math.floor(index / 4);
  ctx.beginPath();
  if (kind === 0 || kind === 3) {
    for (let y = top + gap / 2; y < bottom; y += gap) line(ctx, left, y, right, y);
  }
  if (kind === 1 || kind === 2) {
    const slope = kind === 1 ? 1 : -1;
    const height = bottom - top;
    for (let x = left - height; x < right + height; x += gap) line(ctx, x, top, x + slope * height, bottom);
  }
  if (kind === 3) for (let x = left + gap / 2; x < right; x += gap) line(ctx, x, top, x, bottom);
  ctx.stroke();
}

/** Fills a part of a stack: with its shade, or in high contrast with its own hatching. */
export function fillArea(
  ctx: Context,
  theme: ChartTheme,
  colour: string,
  index: number,
  area: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
  opacity: number,
): void {
  const [width, height] = [area.right - area.left, area.bottom - area.top];
  ctx.save();
  ctx.fillStyle = ctx.strokeStyle = colour;
  if (theme.highContrast) {
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.rect(area.left, area.top, width, height);
    ctx.stroke();
    ctx.clip();
    hatch(ctx, index, area);
  } else {
    ctx.globalAlpha = opacity;
    ctx.fillRect(area.left, area.top, width, height);
  }
  ctx.restore();
}

export const legendWidth = 16;
export const legendHeight = 10;

/** A short line, as a legend shows it. */
export function lineMark(
  colour: (theme: ChartTheme) => string,
  { width = 2, dash = [] }: { readonly width?: number; readonly dash?: readonly number[] } = {},
) {
  return (ctx: Context, theme: ChartTheme): void => {
    ctx.strokeStyle = colour(theme);
    ctx.lineWidth = width;
    ctx.setLineDash([...dash]);
    ctx.beginPath();
    line(ctx, 0, legendHeight / 2, legendWidth, legendHeight / 2);
    ctx.stroke();
  };
}

export function shapeMark(shape: Shape, colour: (theme: ChartTheme) => string, isHollow = false) {
  return (ctx: Context, theme: ChartTheme): void => {
    ctx.beginPath();
    addShape(ctx, shape, legendWidth / 2, legendHeight / 2, 3.5);
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = colour(theme);
    ctx.fillStyle = colour(theme);
    if (isHollow || isLineShape(shape)) ctx.stroke();
    else ctx.fill();
  };
}

/** A shade; in high contrast `index` chooses the hatching. */
export function areaMark(colour: (theme: ChartTheme) => string, index?: number) {
  return (ctx: Context, theme: ChartTheme): void => {
    ctx.fillStyle = colour(theme);
    ctx.strokeStyle = colour(theme);
    ctx.lineWidth = 1;
    if (!theme.highContrast) {
      ctx.fillRect(0, 0, legendWidth, legendHeight);
      return;
    }
    ctx.save();
    ctx.beginPath();
    ctx.rect(0, 0, legendWidth, legendHeight);
    ctx.clip();
    if (index !== undefined) hatch(ctx, index, { left: 0, right: legendWidth, top: 0, bottom: legendHeight });
    ctx.restore();
    ctx.strokeRect(0.5, 0.5, legendWidth - 1, legendHeight - 1);
  };
}
