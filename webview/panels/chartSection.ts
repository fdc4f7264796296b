import { Chart, type ChartOptions } from 'chart.js';
import type { StepRow } from '../../src/protocol/dashboardMessages';
import type { LineChart, LineDataset } from '../charts/chartOptions';
import { readChartTheme, type ChartTheme } from '../charts/chartTheme';
import { make, setText } from '../page/dom';
import { formatStep, formatValue } from '../words/format';
import type { PageModel } from '../page/pageModel';
import { rangeWords, type ValueRange } from '../data/valueRange';

export interface TableColumn {
  readonly title: string;
  readonly value: (row: StepRow) => number | null;
  /** A number of candidates, not a value of the metric. */
  readonly count?: boolean;
}

/** What makes one chart different from another. Everything is derived from the model. */
export interface ChartKind {
  readonly id: 'best' | 'distribution';
  readonly title: string;
  readonly subtitle: (model: PageModel) => string;
  readonly legend: readonly { readonly mark: string; readonly text: string }[];
  /** The first column is the step. */
  readonly columns: readonly TableColumn[];
  readonly range: (model: PageModel) => ValueRange | undefined;
  /** The chart in words, for people who do not see it. */
  readonly describe: (model: PageModel) => string;
  readonly options: (
    model: PageModel,
    range: ValueRange | undefined,
    theme: ChartTheme,
  ) => ChartOptions<'line'>;
  readonly datasets: (model: PageModel, theme: ChartTheme) => LineDataset[];
}

export interface ChartSection {
  readonly element: HTMLElement;
  show(model: PageModel): void;
  /** Draws again with the editor's colours of now. */
  recolour(): void;
}

/** A chart with its legend and caption, which can be read as a table instead. */
export function makeChartSection(
  kind: ChartKind,
  tableShown: boolean,
  onTableShown: (shown: boolean) => void,
): ChartSection {
  const titleId = `${kind.id}-title`;
  const subtitle = make('span', { class: 'muted' });
  const canvas = make('canvas', { id: `${kind.id}-canvas`, role: 'img' });
  const emptyText = make('p', { class: 'empty muted', text: 'Nothing to draw yet.' });
  const canvasBox = make('div', { class: 'canvas-box' }, [canvas, emptyText]);
  const table = makeStepTable(kind);
  const caption = make('p', { class: 'caption muted' });
  const toggle = make('button', { class: 'link', type: 'button', id: `${kind.id}-table-toggle` });
  const element = make('section', { class: 'panel', 'aria-labelledby': titleId }, [
    make('div', { class: 'panel-head' }, [make('h2', { id: titleId, text: kind.title }), subtitle]),
    make(
      'ul',
      { class: 'legend', 'aria-hidden': 'true' },
      kind.legend.map(({ mark, text }) => make('li', {}, [make('i', { class: `mark ${mark}` }), text])),
    ),
    canvasBox,
    table.element,
    make('div', { class: 'panel-foot' }, [toggle, caption]),
  ]);

  let chart: LineChart | undefined;
  let model: PageModel | undefined;
  let showsTable = tableShown;

  const drawChart = (shown: PageModel): void => {
    const theme = readChartTheme();
    const range = kind.range(shown);
    emptyText.hidden = range !== undefined;
    setText(caption, range === undefined ? '' : rangeWords(range));
    const data = { datasets: kind.datasets(shown, theme) };
    const options = kind.options(shown, range, theme);
    if (chart === undefined) {
      chart = new Chart(canvas, { type: 'line', data, options });
    } else {
      chart.data = data;
      chart.options = options;
      chart.update('none');
    }
  };
  const draw = (): void => {
    canvasBox.hidden = showsTable;
    table.element.hidden = !showsTable;
    setText(toggle, showsTable ? 'Show as chart' : 'Show as table');
    if (model === undefined) return;
    setText(subtitle, kind.subtitle(model));
    canvas.setAttribute('aria-label', kind.describe(model));
    if (showsTable) table.show(model.steps);
    else drawChart(model);
  };
  toggle.addEventListener('click', () => {
    showsTable = !showsTable;
    onTableShown(showsTable);
    draw();
  });
  draw();
  return {
    element,
    show(next) {
      model = next;
      draw();
    },
    recolour: draw,
  };
}

function makeStepTable(kind: ChartKind): {
  readonly element: HTMLElement;
  show(steps: readonly StepRow[]): void;
} {
  const body = make('tbody');
  const table = make('table', { 'aria-label': `${kind.title}, newest step first` }, [
    make('thead', {}, [
      make(
        'tr',
        {},
        kind.columns.map(({ title }) => make('th', { scope: 'col', class: 'number', text: title })),
      ),
    ]),
    body,
  ]);
  const cell = (row: StepRow, column: TableColumn, index: number): HTMLElement => {
    const value = column.value(row);
    if (index === 0) return make('th', { scope: 'row', class: 'number', text: formatStep(row.step) });
    const full = column.count === true || value === null ? {} : { title: String(value) };
    return make('td', { class: 'number', text: formatValue(value), ...full });
  };
  return {
    element: make('div', { class: 'step-table', tabindex: '0', role: 'group', 'aria-label': kind.title }, [
      table,
    ]),
    show(steps) {
      body.replaceChildren(
        ...steps
          .map((row) =>
            make(
              'tr',
              {},
              kind.columns.map((column, index) => cell(row, column, index)),
            ),
          )
          .reverse(),
      );
    },
  };
}
