import { Chart } from 'chart.js';
import { chartConfig, type Drawn, type LineChart } from './chartConfig';
import type { Project } from './explorer';
import type { ChartPicture, Scale } from './picture';
import type { ChartTheme } from './theme';

/** A chart on the page; drawing it again keeps its canvas. */
export interface LiveChart {
  /** Returns where its stops are. */
  draw(picture: ChartPicture, theme: ChartTheme): Project;
  /** Nothing to draw any more. */
  clear(): void;
}

export function makeLiveChart(canvas: HTMLCanvasElement): LiveChart {
  let chart: LineChart | undefined;
  let drawn: Drawn | undefined;
  let layout = '';
  let axes = '';
  return {
    draw(picture, theme) {
      const nextAxes = axesOf(picture);
      const isSameFrame =
        axes === nextAxes &&
        drawn?.theme === theme &&
        picture.datasets.length + drawn.picture.datasets.length === 0;
      axes = nextAxes;
      if (chart !== undefined && drawn !== undefined && isSameFrame) {
        // Layers are all that changed. Arranging the axes again takes longer than to paint everything.
        drawn.picture = picture;
        chart.draw();
        return projectionOf(chart, picture);
      }
      const nextLayout = String(picture.lanes?.length ?? 0);
      if (layout !== nextLayout) chart?.destroy();
      if (chart === undefined || drawn === undefined || layout !== nextLayout) {
        drawn = { picture, theme };
        chart = new Chart(canvas, chartConfig(drawn));
      } else {
        Object.assign(drawn, { picture, theme });
        const { data, options = {} } = chartConfig(drawn);
        chart.data = data;
        chart.options = options;
        chart.update('none');
      }
      layout = nextLayout;
      return projectionOf(chart, picture);
    },
    clear() {
      chart?.destroy();
      chart = undefined;
      layout = '';
      axes = '';
    },
  };
}

/** Different words for axes that look different. */
function axesOf({ x, y, lanes }: ChartPicture): string {
  const wordsOf = ({ min, max, title, format, ticks, whole }: Scale): unknown[] => [
    min,
    max,
    title,
    whole,
    ...[...(ticks?.(min, max) ?? []), min, (min + max) / 2, max].map(format),
  ];
  return JSON.stringify([wordsOf(x), wordsOf(y), lanes]);
}

function projectionOf(chart: LineChart, { stops }: ChartPicture): Project {
  return (index) => {
    const { x, y, lanes } = chart.scales;
    const lane = stops.lane?.(index);
    const across = x?.getPixelForValue(stops.x(index)) ?? Number.NaN;
    const down = lane === undefined ? y?.getPixelForValue(stops.y(index)) : lanes?.getPixelForValue(lane);
    const outside =
      lane === undefined &&
      y !== undefined &&
      down !== undefined &&
      (down < y.top - 1 || down > y.bottom + 1);
    return { x: across, y: outside ? Number.NaN : (down ?? Number.NaN) };
  };
}
