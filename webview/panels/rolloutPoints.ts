import { outcomeGroups, type OutcomeGroup } from '../../src/protocol/dashboardData';
import { addShape, isLineShape, outcomeShapes } from '../charts/marks';
import type { Layer } from '../charts/picture';
import { validOutcome } from '../data/rowFacts';
import type { Scene } from '../data/scene';

/** Up to so many points are drawn as circles; more of them as squares, which take a tenth of the time. */
const circleLimit = 1500;

/** A point a valid candidate. Points of one place are drawn once: the fuller a place, the less it shows that there is another. */
export function valuePoints(
  scene: Scene,
  { min, max }: { readonly min: number; readonly max: number },
): Layer {
  const { rows, facts, axis, value } = scene;
  return ({ ctx, theme, area, x, y }) => {
    const few = facts.validCount <= circleLimit;
    const size = 2;
    const columns = Math.max(1, Math.ceil((area.right - area.left) / size));
    const lines = Math.max(1, Math.ceil((area.bottom - area.top) / size));
    const cells = new Uint16Array(columns * lines);
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
      if (few) {
        addShape(ctx, 'circle', atX, atY, 1.8);
        continue;
      }
      const cell =
        Math.floor((atY - area.top) / size) * columns +
        Math.min(columns - 1, Math.floor((atX - area.left) / size));
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    ctx.fill();
    if (few) return;
    // Three shades, sparse places first; without shades in high contrast.
    const shades = theme.highContrast ? [{ from: 1, opacity: 1 }] : densityShades;
    shades.forEach(({ from, opacity }, index) => {
      const below = shades[index + 1]?.from ?? Number.POSITIVE_INFINITY;
      ctx.globalAlpha = opacity;
      for (let cell = 0; cell < cells.length; cell++) {
        const count = cells[cell] ?? 0;
        if (count < from || count >= below) continue;
        ctx.fillRect(
          area.left + (cell % columns) * size,
          area.top + Math.floor(cell / columns) * size,
          size,
          size,
        );
      }
    });
  };
}

const densityShades = [
  { from: 1, opacity: 0.45 },
  { from: 2, opacity: 0.7 },
  { from: 4, opacity: 1 },
];

/** Shapes nearer than this in a lane are one. */
const laneGapPx = 4;

/** The strip: a lane for each kind of failure, by colour and shape. */
export function lanePoints({ rows, axis }: Scene, groups: readonly OutcomeGroup[]): Layer {
  return ({ ctx, theme, x, lane }) => {
    const left = x(0);
    const perX = x(1) - left;
    groups.forEach((group, index) => {
      const outcome = outcomeGroups.indexOf(group);
      const shape = outcomeShapes[group];
      const y = lane(index);
      const taken = new Set<number>();
      ctx.strokeStyle = theme.outcomes[group];
      ctx.fillStyle = theme.outcomes[group];
      ctx.lineWidth = theme.highContrast ? 1.5 : 1;
      ctx.beginPath();
      for (let row = 0; row < rows.length; row++) {
        if (rows.outcomes[row] !== outcome) continue;
        const atX = left + axis.ofRow(row) * perX;
        const place = Math.round(atX / laneGapPx);
        if (!Number.isFinite(atX) || taken.has(place)) continue;
        taken.add(place);
        addShape(ctx, shape, atX, y, 2.5);
      }
      if (isLineShape(shape)) ctx.stroke();
      else ctx.fill();
    });
  };
}
