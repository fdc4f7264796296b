import { pngOf, svgOf, type Exported } from '../charts/exportImage';
import { makeExplorer } from '../charts/explorer';
import { makeLiveChart } from '../charts/liveChart';
import type { ChartPicture, LegendEntry } from '../charts/picture';
import { readChartTheme, type ChartTheme } from '../charts/theme';
import type { Scene } from '../data/scene';
import { make } from '../page/dom';
import { makeFrame, type ImageFormat } from './frame';
import type { Panel, PanelPorts, TableContent } from './panel';

/** What makes one chart different from another. Everything is derived from the scene. */
export interface ChartKind {
  readonly id: string;
  readonly title: string;
  readonly subtitle: (scene: Scene) => string;
  readonly legend: (scene: Scene) => readonly LegendEntry[];
  /** The chart to draw; words for people while there is nothing to draw. */
  readonly picture: (scene: Scene, theme: ChartTheme) => ChartPicture | string;
  /** The chart in words, for people who do not see it. */
  readonly describe: (scene: Scene) => string;
  /** What the chart does not show. */
  readonly caption?: (scene: Scene) => string;
  readonly table: (scene: Scene) => TableContent;
  readonly controls?: readonly HTMLElement[];
}

/** A chart with its legend and caption, which can be read as a table instead. */
export function makeChartPanel(kind: ChartKind, ports: PanelPorts): Panel {
  const canvas = make('canvas', { id: `${kind.id}-canvas`, role: 'img' });
  const explorer = makeExplorer(kind.title, canvas, (candidate) =>
    ports.send({ type: 'openDiff', candidate }),
  );
  const live = makeLiveChart(canvas);
  let scene: Scene | undefined;

  const draw = (): void => {
    if (scene === undefined) return;
    const theme = readChartTheme();
    const picture = kind.picture(scene, theme);
    frame.showSubtitle(kind.subtitle(scene));
    canvas.setAttribute('aria-label', kind.describe(scene));
    if (typeof picture === 'string') {
      frame.showEmpty(picture);
      return;
    }
    frame.showEmpty(undefined);
    frame.showCaption(kind.caption?.(scene) ?? '');
    if (frame.showsTable) {
      frame.showTable(kind.table(scene));
      return;
    }
    frame.showLegend(kind.legend(scene), theme);
    explorer.show(picture.stops, live.draw(picture, theme));
  };
  const save = (format: ImageFormat): void => {
    if (scene === undefined) return;
    const theme = readChartTheme();
    const picture = kind.picture(scene, theme);
    if (typeof picture === 'string') return;
    const exported: Exported = {
      title: `${scene.header.title}: ${kind.title}, ${kind.subtitle(scene)}`,
      legend: kind.legend(scene),
      theme,
      widthPx: Math.max(640, explorer.element.clientWidth),
      heightPx: Math.max(260, explorer.element.clientHeight),
      content: { kind: 'chart', picture },
    };
    saveImage(ports, kind.id, format, exported);
  };
  const frame = makeFrame(
    {
      id: kind.id,
      title: kind.title,
      body: explorer.element,
      onTableShown: draw,
      onExport: save,
      ...(kind.controls === undefined ? {} : { controls: kind.controls }),
    },
    ports,
  );
  return {
    element: frame.element,
    describe: (next) => canvas.setAttribute('aria-label', kind.describe(next)),
    show(next) {
      scene = next;
      draw();
    },
  };
}

export function saveImage(ports: PanelPorts, chart: string, format: ImageFormat, exported: Exported): void {
  const content = format === 'png' ? pngOf(exported) : svgOf(exported);
  ports.send({ type: 'exportChart', format, chart, content });
}
