import type { ChartDataset, Point } from 'chart.js';
import type { ChartTheme } from './theme';

export type LineDataset = ChartDataset<'line', Point[]>;

/** A gap in a line is a point without a number; nothing is drawn for it. */
export function point(x: number, y: number | null): Point {
  return { x, y: y ?? Number.NaN };
}

/** What a layer paints with: the context of a canvas, or one that writes an SVG. */
export interface Painting {
  readonly ctx: CanvasRenderingContext2D;
  readonly theme: ChartTheme;
  /** It becomes an SVG: images are not painted. */
  readonly isVector: boolean;
  /** The inside of the axes, in pixels. */
  readonly area: Area;
  /** Pixels of values. */
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  /** The middle of a lane in the strip below. */
  readonly lane: (index: number) => number;
}

export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export type Layer = (painting: Painting) => void;

export interface Scale {
  readonly min: number;
  readonly max: number;
  readonly title: string;
  readonly format: (value: number) => string;
  readonly ticks?: ((min: number, max: number) => number[]) | undefined;
  /** Ticks at whole numbers only. */
  readonly whole?: boolean;
}

/** Places in a chart that the pointer and the arrow keys find, by ascending x. */
export interface Stops {
  readonly length: number;
  x(index: number): number;
  /** A value; see `lane`. */
  y(index: number): number;
  /** The lane of a stop that is in the strip; `undefined` for one that is not. */
  lane?(index: number): number | undefined;
  /** Lines of text; the first names it. */
  describe(index: number): readonly string[];
  /** Whose diff it opens. */
  candidate(index: number): number | undefined;
}

/** A chart as it is to be drawn now. */
export interface ChartPicture {
  readonly datasets: LineDataset[];
  readonly x: Scale;
  readonly y: Scale;
  /** Under and over the datasets. */
  readonly behind?: readonly Layer[];
  readonly front?: readonly Layer[];
  /** Names of lanes in a strip below the values, from the top. */
  readonly lanes?: readonly string[];
  readonly stops: Stops;
}

export interface LegendEntry {
  readonly text: string;
  /** Paints into 16 x 10 pixels. */
  readonly mark: (ctx: CanvasRenderingContext2D, theme: ChartTheme) => void;
}

export const noStops: Stops = {
  length: 0,
  x: () => Number.NaN,
  y: () => Number.NaN,
  describe: () => [],
  candidate: () => undefined,
};

/** Stops of a list. */
export function stopsOf<Item>(
  items: readonly Item[],
  ofItem: {
    readonly x: (item: Item) => number;
    readonly y: (item: Item) => number;
    readonly describe: (item: Item) => readonly string[];
    readonly candidate?: (item: Item) => number | undefined;
  },
): Stops {
  const at = <Result>(index: number, read: (item: Item) => Result): Result | undefined => {
    const item = items[index];
    return item === undefined ? undefined : read(item);
  };
  return {
    length: items.length,
    x: (index) => at(index, ofItem.x) ?? Number.NaN,
    y: (index) => at(index, ofItem.y) ?? Number.NaN,
    describe: (index) => at(index, ofItem.describe) ?? [],
    candidate: (index) => (ofItem.candidate === undefined ? undefined : at(index, ofItem.candidate)),
  };
}
