import { Chart } from 'chart.js';
import { chartConfig, type Drawn, type LineChart } from './chartConfig';
import type { Project } from './explorer';
import type { ChartPicture } from './picture';
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
  return {
    draw(picture, theme) {
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
    },
  };
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
