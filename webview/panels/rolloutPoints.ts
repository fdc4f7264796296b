import { outcomeGroups, type OutcomeGroup } from '../../src/protocol/dashboardData';
import { addShape, isLineShape, outcomeShapes } from '../charts/marks';
import type { Area, Layer, Painting } from '../charts/picture';
import { channels } from '../charts/theme';
import { validOutcome } from '../data/rowFacts';
import type { Scene } from '../data/scene';

/** Up to so many points are drawn as circles. */
const circleLimit = 1500;
/** More of them are drawn as squares of so many pixels. */
const cellPx = 2;
/** How strong a square is by how many points are in it: three shades, one in high contrast. */
const shades = [0, 0.45, 0.7, 0.7, 1];

/** A point a valid candidate. Points of one place are drawn once: the fuller a place, the less it shows that there is another. */
export function valuePoints(
  scene: Scene,
  { min, max }: { readonly min: number; readonly max: number },
): Layer {
  const { rows, facts, axis, value } = scene;
  return (painting) => {
    const { ctx, theme, area, x, y } = painting;
    const few = facts.validCount <= circleLimit;
    const cells = few ? undefined : new Cells(area);
    // Both scales are linear: two numbers each are all there is to know.
    const [left, top] = [x(0), y(0)];
    const [perX, perY] = [x(1) - left, y(1) - top];
    ctx.fillStyle = theme.outcomes.valid;
    ctx.beginPath();
    for (let row = 0; row < rows.length; row++) {
      if (rows.outcomes[row] !== validOutcome) continue;
      const height = value.of(rows.values[row] ?? Number.NaN);
      if (!(height >= min && height <= max)) continue;
      const atX = left + axis.ofRow(row) * perX;
      const atY = top + height * perY;
      if (cells === undefined) addShape(ctx, 'circle', atX, atY, 1.8);
      else cells.add(atX, atY);
    }
    ctx.fill();
    cells?.paint(painting);
  };
}

/** Counts points in squares. */
class Cells {
  readonly #columns: number;
  readonly #lines: number;
  readonly #counts: Uint16Array;

  constructor(private readonly area: Area) {
    this.#columns = Math.max(1, Math.ceil((area.right - area.left) / cellPx));
    this.#lines = Math.max(1, Math.ceil((area.bottom - area.top) / cellPx));
    this.#counts = new Uint16Array(this.#columns * this.#lines);
  }

  add(x: number, y: number): void {
    const column = Math.min(this.#columns - 1, Math.floor((x - this.area.left) / cellPx));
    const line = Math.min(this.#lines - 1, Math.floor((y - this.area.top) / cellPx));
    const cell = line * this.#columns + column;
    this.#counts[cell] = (this.#counts[cell] ?? 0) + 1;
  }

  paint({ ctx, theme, isVector }: Painting): void {
    const strengths = theme.highContrast ? [0, 1] : shades;
    const strength = (count: number): number => strengths[Math.min(count, strengths.length - 1)] ?? 1;
    if (!isVector) {
      this.#paintImage(ctx, theme.outcomes.valid, strength);
      return;
    }
    this.#counts.forEach((count, cell) => {
      if (count === 0) return;
      ctx.globalAlpha = strength(count);
      const [column, line] = [cell % this.#columns, Math.floor(cell / this.#columns)];
      ctx.fillRect(this.area.left + column * cellPx, this.area.top + line * cellPx, cellPx, cellPx);
    });
  }

  /** One image is painted in a fraction of the time that ten thousand squares take. */
  #paintImage(ctx: CanvasRenderingContext2D, colour: string, strength: (count: number) => number): void {
    const canvas = document.createElement('canvas');
    canvas.width = this.#columns;
    canvas.height = this.#lines;
    const own = canvas.getContext('2d');
    if (own === null) return;
    const image = own.createImageData(this.#columns, this.#lines);
    const [red, green, blue] = channels(colour);
    this.#counts.forEach((count, cell) => {
      if (count > 0) image.data.set([red, green, blue, Math.round(255 * strength(count))], 4 * cell);
    });
    own.putImageData(image, 0, 0);
    ctx.imageSmoothingEnabled = false;
    ctx.drawImage(canvas, this.area.left, this.area.top, this.#columns * cellPx, this.#lines * cellPx);
  }
}

/** Shapes nearer than this in a lane are one. */
const laneGapPx = 4;

/** The strip: a lane for each kind of failure, by colour and shape. */
export function lanePoints({ rows, axis }: Scene, groups: readonly OutcomeGroup[]): Layer {
  return ({ ctx, theme, x, lane }) => {
    const left = x(0);
    const perX = x(1) - left;
    const laneOf = outcomeGroups.map((group) => groups.indexOf(group));
    // By lane, where something is; what is nearer than a gap is one.
    const places = groups.map(() => new Map<number, number>());
    for (let row = 0; row < rows.length; row++) {
      const place = places[laneOf[rows.outcomes[row] ?? 0] ?? -1];
      if (place === undefined) continue;
      const atX = left + axis.ofRow(row) * perX;
      if (Number.isFinite(atX)) place.set(Math.round(atX / laneGapPx), atX);
    }
    groups.forEach((group, index) => {
      const shape = outcomeShapes[group];
      ctx.strokeStyle = theme.outcomes[group];
      ctx.fillStyle = theme.outcomes[group];
      ctx.lineWidth = theme.highContrast ? 1.5 : 1;
      ctx.beginPath();
      for (const atX of places[index]?.values() ?? []) addShape(ctx, shape, atX, lane(index), 2.5);
      if (isLineShape(shape)) ctx.stroke();
      else ctx.fill();
    });
  };
}
