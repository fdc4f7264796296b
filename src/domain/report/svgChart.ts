import { escapeHtml } from './escapeHtml';
import { shortValue } from './words';

/** A chart of a report: plain SVG without scripts; its looks come from the page's style sheet, by class. */
export interface ChartFrame {
  readonly title: string;
  /** What people hear who do not see it. */
  readonly description: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly x: readonly [from: number, to: number];
  readonly y: readonly [from: number, to: number];
  /** Words of a tick of the y-axis; absent: the value. */
  readonly yWords?: (value: number) => string;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

const size = { width: 760, height: 280 };
const plot = { left: 84, right: 744, top: 14, bottom: 236 };

/** Where things lie, in the units of the drawing. What is outside the axes is drawn at their edge. */
export interface Places {
  x(value: number): number;
  y(value: number): number;
}

export function svgChart(frame: ChartFrame, draw: (places: Places) => string): string {
  const places: Places = {
    x: (value) => round(scale(value, frame.x, [plot.left, plot.right])),
    y: (value) => round(scale(value, frame.y, [plot.bottom, plot.top])),
  };
  const words = frame.yWords ?? shortValue;
  const yTicks = ticks(frame.y, 5).map(
    (tick) =>
      `<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${places.y(tick)}" y2="${places.y(tick)}"/>` +
      `<text class="tick" x="${plot.left - 8}" y="${places.y(tick) + 4}" text-anchor="end">${escapeHtml(words(tick))}</text>`,
  );
  const xTicks = ticks(frame.x, 8).map(
    (tick) =>
      `<text class="tick" x="${places.x(tick)}" y="${plot.bottom + 18}" text-anchor="middle">${escapeHtml(shortValue(tick))}</text>`,
  );
  const middleY = (plot.top + plot.bottom) / 2;
  return [
    `<svg role="img" aria-label="${escapeHtml(`${frame.title}. ${frame.description}`)}" viewBox="0 0 ${size.width} ${size.height}">`,
    ...yTicks,
    ...xTicks,
    draw(places),
    `<line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}"/>`,
    `<text class="title" x="${(plot.left + plot.right) / 2}" y="${size.height - 8}" text-anchor="middle">${escapeHtml(frame.xTitle)}</text>`,
    `<text class="title" x="16" y="${middleY}" text-anchor="middle" transform="rotate(-90 16 ${middleY})">${escapeHtml(frame.yTitle)}</text>`,
    '</svg>',
  ].join('');
}

/** A line that keeps its value until the next point. */
export function stepLine(places: Places, points: readonly Point[], className: string): string {
  let path = '';
  let last: Point | undefined;
  for (const point of points) {
    path +=
      last === undefined
        ? `M${places.x(point.x)} ${places.y(point.y)}`
        : `H${places.x(point.x)}V${places.y(point.y)}`;
    last = point;
  }
  return `<path class="${className}" d="${path}"/>`;
}

export function line(places: Places, points: readonly Point[], className: string): string {
  const path = points.map(
    (point, index) => `${index === 0 ? 'M' : 'L'}${places.x(point.x)} ${places.y(point.y)}`,
  );
  return `<path class="${className}" d="${path.join('')}"/>`;
}

/** The area between two lines over the same places. */
export function band(
  places: Places,
  points: readonly { readonly x: number; readonly low: number; readonly high: number }[],
  className: string,
): string {
  const there = points.map(({ x, high }) => `${places.x(x)} ${places.y(high)}`);
  const back = points.toReversed().map(({ x, low }) => `${places.x(x)} ${places.y(low)}`);
  return there.length === 0 ? '' : `<path class="${className}" d="M${[...there, ...back].join('L')}Z"/>`;
}

/** A dashed line across, with its name at the right. */
export function level(places: Places, value: number, label: string): string {
  const y = places.y(value);
  return (
    `<line class="reference" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}"/>` +
    `<text class="label" x="${plot.right - 4}" y="${y - 4}" text-anchor="end">${escapeHtml(label)}</text>`
  );
}

/** Round numbers within a range, about as many as wanted. */
export function ticks([from, to]: readonly [number, number], wanted: number): number[] {
  const span = to - from;
  if (!(span > 0) || !Number.isFinite(span)) return [from];
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const all: number[] = [];
  for (let index = Math.ceil(from / step); index * step <= to + step * 1e-9; index++) {
    // Free of the last digits that multiplication adds.
    all.push(Number((index * step).toPrecision(12)));
  }
  return all;
}

function scale(
  value: number,
  [from, to]: readonly [number, number],
  [low, high]: readonly [number, number],
): number {
  if (to === from) return (low + high) / 2;
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return low + share * (high - low);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
