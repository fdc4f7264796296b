import { line } from '../charts/marks';
import type { ChartPicture, Layer, Painting, Scale } from '../charts/picture';
import { referenceLayers } from '../charts/references';
import { translucent } from '../charts/theme';
import type { Histograms } from '../data/histogramStore';
import type { Goal } from '../data/rowFacts';
import type { Scene } from '../data/scene';
import { valueView } from '../data/valueView';
import { formatStep } from '../words/format';
import { axisScale } from './bestChart';
import { stepStops } from './stepStops';

/** One step's histogram, with where it is along the axis. */
interface Column {
  readonly step: number;
  readonly from: number;
  readonly to: number;
  readonly counts: Uint32Array;
  readonly most: number;
}

/** Violins nearer than this cannot be told apart. */
export const violinLimit = 60;
/** Ridges of a ridge chart, as in the paper's figure 1. */
const ridgeCount = 10;

/** A row of columns, each shaded by how many values fell where. */
export function heatmap(scene: Scene, histograms: Histograms): ChartPicture {
  const columns = columnsOf(scene, histograms);
  const paint: Layer = ({ ctx, theme, x, y }) => {
    for (const { from, to, counts, most } of columns) {
      const [left, right] = [Math.floor(x(from)), Math.ceil(x(to))];
      counts.forEach((count, bin) => {
        if (count === 0) return;
        const [top, bottom] = edges(histograms, bin, y);
        const share = Math.sqrt(count / most);
        ctx.fillStyle = theme.best;
        if (theme.highContrast) {
          // Without shades: the fuller a cell, the wider its bar.
          ctx.fillRect(left, top, Math.max(1, share * (right - left)), Math.max(1, bottom - top));
        } else {
          ctx.globalAlpha = 0.08 + 0.92 * share;
          ctx.fillRect(left, top, right - left, bottom - top);
        }
      });
    }
  };
  return densityPicture(scene, histograms, [paint]);
}

/** A violin a step; every k-th where there are too many. */
export function violins(scene: Scene, histograms: Histograms): ChartPicture {
  const all = columnsOf(scene, histograms);
  const every = Math.ceil(all.length / violinLimit);
  const columns = all.filter((_, index) => (all.length - 1 - index) % every === 0);
  const paint: Layer = ({ ctx, theme, x, y }) => {
    ctx.lineWidth = theme.highContrast ? 1.5 : 1;
    ctx.strokeStyle = theme.best;
    ctx.fillStyle = translucent(theme.best, 0.35);
    for (const { from, to, counts, most } of columns) {
      const middle = (x(from) + x(to)) / 2;
      const half = 0.46 * every * (x(to) - x(from));
      ctx.beginPath();
      const width = (bin: number): number => (half * (counts[bin] ?? 0)) / most;
      const filled = filledBins(counts);
      for (const bin of filled) ctx.lineTo(middle + width(bin), centre(histograms, bin, y));
      for (const bin of filled.toReversed()) ctx.lineTo(middle - width(bin), centre(histograms, bin, y));
      ctx.closePath();
      if (!theme.highContrast) ctx.fill();
      ctx.stroke();
    }
  };
  return densityPicture(scene, histograms, [paint]);
}

/** Some steps' distributions above each other, the newest in front: values run to the right. */
export function ridges(scene: Scene, histograms: Histograms): ChartPicture {
  const { header } = scene;
  const all = columnsOf(scene, histograms);
  const every = Math.max(1, Math.ceil(all.length / ridgeCount));
  const columns = all.filter((_, index) => (all.length - 1 - index) % every === 0);
  const view = valueView(header, null);
  // The oldest stands at the top and behind the others.
  const place = new Map(columns.map(({ step }, index) => [step, columns.length - 1 - index]));
  const paint: Layer = (painting) => {
    const rise = 2.2 * Math.abs(painting.y(1) - painting.y(0));
    for (const column of columns) paintRidge(painting, histograms, column, place.get(column.step) ?? 0, rise);
  };
  const referenceAt: Layer = ({ ctx, theme, area, x }) => {
    ctx.strokeStyle = theme.reference;
    ctx.lineWidth = theme.highContrast ? 1.5 : 1;
    ctx.setLineDash([5, 4]);
    ctx.beginPath();
    for (const { value } of header.references) {
      if (value >= histograms.low && value <= histograms.high)
        line(ctx, x(value), area.top, x(value), area.bottom);
    }
    ctx.stroke();
  };
  const x: Scale = {
    min: histograms.low,
    max: histograms.high,
    title: view.title,
    format: (value) => view.format(value),
  };
  return {
    datasets: [],
    x,
    y: {
      min: -0.4,
      max: Math.max(1, columns.length) + 1.4,
      title: 'step',
      ticks: () => columns.map((_, index) => index),
      format: (y) => formatStep(columns[columns.length - 1 - Math.round(y)]?.step ?? 0),
    },
    front: [referenceAt, paint],
    stops: stepStops(
      { ...scene, steps: scene.steps.filter(({ step }) => place.has(step)) },
      (row) => place.get(row.step) ?? Number.NaN,
      (row) => row.median ?? Number.NaN,
    ),
  };
}

function paintRidge(
  { ctx, theme, x, y }: Painting,
  { low, high, binCount }: Histograms,
  { counts, most }: Column,
  place: number,
  rise: number,
): void {
  const width = (high - low) / binCount;
  const level = y(place);
  ctx.beginPath();
  ctx.moveTo(x(low), level);
  counts.forEach((count, bin) => ctx.lineTo(x(low + (bin + 0.5) * width), level - (rise * count) / most));
  ctx.lineTo(x(high), level);
  ctx.fillStyle = theme.background;
  ctx.fill();
  if (!theme.highContrast) {
    ctx.fillStyle = translucent(theme.best, 0.3);
    ctx.fill();
  }
  ctx.strokeStyle = theme.best;
  ctx.lineWidth = theme.highContrast ? 1.5 : 1;
  ctx.stroke();
}

function densityPicture(scene: Scene, histograms: Histograms, front: readonly Layer[]): ChartPicture {
  const view = valueView(scene.header, null);
  const range = { min: histograms.low, max: histograms.high, clipped: 0, reached: 0, hiddenReferences: [] };
  const references = referenceLayers(scene.header, range, view);
  return {
    datasets: [],
    x: axisScale(scene),
    y: { min: range.min, max: range.max, title: view.title, format: (y) => view.format(y) },
    behind: [references.behind],
    front: [...front, references.front],
    stops: stepStops(scene, (row) => row.median ?? Number.NaN),
  };
}

/** A step is drawn from the end of the one before it to its own. */
function columnsOf({ axis, header }: Scene, histograms: Histograms): Column[] {
  return [...histograms.byStep]
    .sort(([a], [b]) => a - b)
    .map(([step, counts]) => {
      const shown = counts.slice();
      // Everything that is worse than the range is in there: it would outshine all else.
      shown[worstBin(header.goal, histograms)] = 0;
      return {
        step,
        from: step === 0 ? 0 : axis.ofStep(step - 1),
        to: axis.ofStep(step),
        counts: shown,
        most: Math.max(1, ...shown),
      };
    })
    .filter(({ from, to, step }) => step >= 0 && to > from);
}

function worstBin(goal: Goal, { binCount }: Histograms): number {
  return goal === 'minimize' ? binCount - 1 : 0;
}

/** Values that are beyond the range of the histograms, or at its worse end. */
export function countBeyond({ header }: Scene, histograms: Histograms): number {
  const bin = worstBin(header.goal, histograms);
  return [...histograms.byStep.values()].reduce((sum, counts) => sum + (counts[bin] ?? 0), 0);
}

function edges(
  { low, high, binCount }: Histograms,
  bin: number,
  y: (value: number) => number,
): [number, number] {
  const width = (high - low) / binCount;
  const [a, b] = [Math.round(y(low + bin * width)), Math.round(y(low + (bin + 1) * width))];
  return a < b ? [a, b] : [b, a];
}

function centre({ low, high, binCount }: Histograms, bin: number, y: (value: number) => number): number {
  return y(low + ((bin + 0.5) * (high - low)) / binCount);
}

/** From the first bin with something in it to the last, with an empty one at each end. */
function filledBins(counts: Uint32Array): number[] {
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  if (first < 0) return [];
  return Array.from({ length: last - first + 3 }, (_, index) => first - 1 + index).filter(
    (bin) => bin >= 0 && bin < counts.length,
  );
}
