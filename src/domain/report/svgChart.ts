import { escapeHtml } from './escapeHtml';
import { countWords, shortValue } from './words';

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
  const xTicks = ticks(frame.x, 8)
    .filter(Number.isInteger)
    .map(
      (tick) =>
        `<text class="tick" x="${places.x(tick)}" y="${plot.bottom + 18}" text-anchor="middle">${escapeHtml(countWords(tick))}</text>`,
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

/** Dashed lines across, with their names at the right; lines that lie close together share a place for their names. */
export function levels(
  places: Places,
  all: readonly { readonly value: number; readonly label: string }[],
): string {
  const lines = all.map(({ value, label }) => ({ y: places.y(value), label })).sort((a, b) => a.y - b.y);
  const names: { readonly y: number; readonly labels: string[] }[] = [];
  for (const { y, label } of lines) {
    const last = names.at(-1);
    if (last !== undefined && y - last.y < nameHeight) last.labels.push(label);
    else names.push({ y, labels: [label] });
  }
  return [
    ...lines.map(
      ({ y }) => `<line class="reference" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}"/>`,
    ),
    ...names.map(
      ({ y, labels }) =>
        `<text class="label" x="${plot.right - 4}" y="${y - 4}" text-anchor="end">${escapeHtml(labels.join(', '))}</text>`,
    ),
  ].join('');
}

const nameHeight = 14;

const digitsShown = 12;

/** Round numbers within a range, about as many as wanted. */
export function ticks([from, to]: readonly [number, number], wanted: number): number[] {
  const span = to - from;
  if (!(span > 0) || !Number.isFinite(span)) return [from];
  // What is closer than the digits that are shown has one tick; steps much smaller than a number do not change it either.
  if (span < Math.max(Math.abs(from), Math.abs(to)) * 10 ** (1 - digitsShown)) return [from];
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  if (power === 0) return [from];
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const all: number[] = [];
  for (let index = Math.ceil(from / step - 1e-9); index * step <= to + step * 1e-9; index++) {
    // Free of the last digits that multiplication adds.
    all.push(Number((index * step).toPrecision(digitsShown)));
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
