import type { ConstructionView } from '../../src/domain/session/constructionView';
import { constructionLegend, constructionTable, describeConstruction } from '../charts/constructionWords';
import { paintConstruction } from '../charts/constructionPainting';
import { makeSvgRecorder, svgElement } from '../charts/svgRecorder';
import { readChartTheme, type ChartTheme } from '../charts/theme';
import type { Scene } from '../data/scene';
import { make } from '../page/dom';
import { saveImage } from './chartPanel';
import { makeFrame, type ImageFormat } from './frame';
import type { Panel, PanelPorts } from './panel';
import { t } from '../words/texts';

const heightPx = 250;
const leastWidthPx = 320;

/** What the best program found, as its evaluator shows it; hidden for problems that show nothing. */
export function makeConstructionPanel(ports: PanelPorts): Panel {
  const box = make('div', { class: 'construction', id: 'construction' });
  let scene: Scene | undefined;
  let shown: { readonly key: string; readonly theme: ChartTheme } | undefined;

  const view = (): ConstructionView | undefined => scene?.bestView?.view;
  const size = () => ({ width: Math.max(leastWidthPx, box.clientWidth), height: heightPx });
  const draw = (): void => {
    const current = view();
    const note = scene?.bestView?.note;
    frame.element.hidden = current === undefined && note === undefined;
    frame.showEmpty(current === undefined ? note : undefined);
    if (scene === undefined || current === undefined) {
      // A picture that comes later is drawn in any case.
      shown = undefined;
      return;
    }
    const theme = readChartTheme();
    frame.showSubtitle(`${current.title}, c${scene.bestView?.candidate ?? ''}`);
    frame.showLegend(constructionLegend(current), theme);
    if (frame.showsTable) frame.showTable(constructionTable(current));
    if (frame.showsTable) return;
    const key = JSON.stringify([scene.bestView?.candidate, current.kind, size()]);
    if (shown?.key === key && shown.theme === theme) return;
    shown = { key, theme };
    const recorder = makeSvgRecorder();
    paintConstruction(current, recorder.ctx, size(), theme);
    const { width, height } = size();
    const picture = svgElement(recorder.finish(width, height));
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', describeConstruction(current));
    box.replaceChildren(picture);
  };
  const save = (format: ImageFormat): void => {
    const current = view();
    if (scene === undefined || current === undefined) return;
    const { width, height } = size();
    saveImage(ports, 'construction', format, {
      title: `${scene.header.title}: ${current.title}, c${scene.bestView?.candidate ?? ''}`,
      legend: constructionLegend(current),
      theme: readChartTheme(),
      widthPx: Math.max(640, width),
      heightPx: Math.max(400, height),
      content: { kind: 'painting', paint: (ctx, box, theme) => paintConstruction(current, ctx, box, theme) },
    });
  };
  const frame = makeFrame(
    { id: 'found', title: t('What it found'), body: box, onTableShown: draw, onExport: save },
    ports,
  );
  new ResizeObserver(draw).observe(box);
  draw();
  return {
    element: frame.element,
    show(next) {
      scene = next;
      draw();
    },
  };
}
