import type { exportFormats } from '../../src/protocol/dashboardData';
import { legendHeight, legendWidth } from '../charts/marks';
import type { LegendEntry } from '../charts/picture';
import { makeSvgRecorder, svgElement, type SvgRecorder } from '../charts/svgRecorder';
import type { ChartTheme } from '../charts/theme';
import { make, setText } from '../page/dom';
import type { PanelPorts, TableContent } from './panel';
import { t } from '../words/texts';

export interface FrameParts {
  readonly id: string;
  readonly title: string;
  /** The chart itself. */
  readonly body: HTMLElement;
  /** Native controls between title and chart. */
  readonly controls?: readonly HTMLElement[];
  readonly onTableShown: () => void;
  readonly onExport: (format: ImageFormat) => void;
}

export type ImageFormat = Extract<(typeof exportFormats)[number], 'png' | 'svg'>;

/** What stands around each chart: its title and legend, its numbers as a table, and the ways to take it along. */
export interface Frame {
  readonly element: HTMLElement;
  readonly showsTable: boolean;
  showSubtitle(text: string): void;
  showLegend(entries: readonly LegendEntry[], theme: ChartTheme): void;
  showTable(content: TableContent): void;
  showCaption(text: string): void;
  /** Words in place of the chart; `undefined` once there is one. */
  showEmpty(words: string | undefined): void;
}

export function makeFrame(parts: FrameParts, ports: PanelPorts): Frame {
  const { id, title, body } = parts;
  const titleId = `${id}-title`;
  const subtitle = make('span', { class: 'muted' });
  const legend = make('ul', { class: 'legend', 'aria-hidden': 'true' });
  const empty = make('p', { class: 'empty muted', hidden: true });
  const table = makeTable(title);
  const caption = make('p', { class: 'caption muted' });
  const toggle = make('button', { class: 'link', type: 'button', id: `${id}-table-toggle` });
  const exports = (['png', 'svg'] as const).map((format) => {
    const button = make('button', {
      class: 'link',
      type: 'button',
      id: `${id}-${format}`,
      'aria-label': t('Save {0} as {1}', title, format.toUpperCase()),
      text: format.toUpperCase(),
    });
    button.addEventListener('click', () => parts.onExport(format));
    return button;
  });
  let showsTable = ports.isTableShown(id);
  let isEmpty = false;
  let drawnLegend: { readonly words: string; readonly theme: ChartTheme } | undefined;
  const arrange = (): void => {
    body.hidden = showsTable || isEmpty;
    table.element.hidden = !showsTable || isEmpty;
    empty.hidden = !isEmpty;
    legend.hidden = showsTable || isEmpty;
    foot.hidden = isEmpty;
    setText(toggle, showsTable ? t('Show as chart') : t('Show as table'));
  };
  toggle.addEventListener('click', () => {
    showsTable = !showsTable;
    ports.keepTableShown(id, showsTable);
    arrange();
    parts.onTableShown();
  });
  const foot = make('div', { class: 'panel-foot' }, [toggle, ...exports, caption]);
  arrange();
  return {
    element: make('section', { class: 'panel', id: `${id}-panel`, 'aria-labelledby': titleId }, [
      make('div', { class: 'panel-head' }, [
        make('h2', { id: titleId, text: title }),
        subtitle,
        ...(parts.controls ?? []),
      ]),
      legend,
      make('div', { class: 'panel-body' }, [body, empty, table.element]),
      foot,
    ]),
    get showsTable() {
      return showsTable;
    },
    showSubtitle: (text) => setText(subtitle, text),
    showLegend(entries, theme) {
      // Marks are drawn again only when their words or colours change.
      const words = entries.map(({ text }) => text).join('\n');
      if (drawnLegend?.words === words && drawnLegend.theme === theme) return;
      drawnLegend = { words, theme };
      legend.replaceChildren(
        ...entries.map(({ text, mark }) => {
          return make('li', {}, [markElement(mark, theme), text]);
        }),
      );
    },
    showTable: (content) => table.show(content),
    showCaption: (text) => setText(caption, text),
    showEmpty(words) {
      isEmpty = words !== undefined;
      if (words !== undefined) setText(empty, words);
      arrange();
    },
  };
}

/** One for all marks: making a canvas takes longer than all of its marks. */
let markRecorder: SvgRecorder | undefined;

function markElement(mark: LegendEntry['mark'], theme: ChartTheme): SVGElement {
  markRecorder ??= makeSvgRecorder();
  markRecorder.ctx.save();
  mark(markRecorder.ctx, theme);
  markRecorder.ctx.restore();
  return svgElement(markRecorder.finish(legendWidth, legendHeight));
}

function makeTable(title: string): { readonly element: HTMLElement; show(content: TableContent): void } {
  const head = make('tr');
  const body = make('tbody');
  const note = make('p', { class: 'muted', hidden: true });
  const element = make('div', { class: 'chart-table', tabindex: '0', role: 'group', 'aria-label': title }, [
    note,
    make('table', { 'aria-label': t('{0} in numbers', title) }, [make('thead', {}, [head]), body]),
  ]);
  return {
    element,
    show({ columns, rows, note: words }) {
      setText(note, words);
      note.hidden = words === '';
      head.replaceChildren(...columns.map((text) => make('th', { scope: 'col', class: 'number', text })));
      body.replaceChildren(
        ...rows.map((cells) =>
          make(
            'tr',
            {},
            cells.map((text, index) =>
              index === 0
                ? make('th', { scope: 'row', class: 'number', text })
                : make('td', { class: 'number', text }),
            ),
          ),
        ),
      );
    },
  };
}
