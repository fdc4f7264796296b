import { addShape, line, lineMark, shapeMark } from '../charts/marks';
import { point, stopsOf, type Layer } from '../charts/picture';
import { referenceLayers } from '../charts/references';
import { bestPath, gainsByStep, mostUsed, newPrograms } from '../data/lineage';
import type { Scene } from '../data/scene';
import { valueRange } from '../data/valueRange';
import { make } from '../page/dom';
import {
  formatCount,
  formatDifference,
  formatShare,
  formatStep,
  formatValue,
  formatWithUnit,
} from '../words/format';
import type { Figure } from '../words/usageFigures';
import { valueScale } from './bestChart';
import { makeChartPanel, type ChartKind } from './chartPanel';
import { showFigures } from './figureList';
import { newestRows, type Panel, type PanelPorts } from './panel';
import { plural, t } from '../words/texts';

const shownParents = 6;

/** The shape of the search: how the best program came about, and what was built on how often. */
export function makeSearchPanel(ports: PanelPorts): Panel {
  const panel = makeChartPanel(pathChart, ports);
  const figures = make('dl', { class: 'facts', id: 'search-facts' });
  const parents = make('ol', { class: 'parents', id: 'most-used', 'aria-label': t('Most used parents') });
  panel.element.querySelector('.panel-head')?.after(figures);
  panel.element.append(parents);
  let shown = '';
  return {
    element: panel.element,
    describe: panel.describe,
    show(scene) {
      showFigures(figures, searchFigures(scene));
      panel.show(scene);
      const used = mostUsed(scene.facts.childCounts, shownParents);
      const key = JSON.stringify(used);
      if (key === shown) return;
      shown = key;
      const focused = parents.contains(document.activeElement) ? document.activeElement?.id : undefined;
      const most = used[0]?.[1] ?? 1;
      parents.replaceChildren(...used.map(([id, count]) => parentRow(scene, id, count, most, ports)));
      if (focused !== undefined) document.getElementById(focused)?.focus();
    },
  };
}

function parentRow(
  { rows, header }: Scene,
  id: number,
  count: number,
  most: number,
  ports: PanelPorts,
): HTMLElement {
  const value = rows.values[rows.rowOf(id)];
  const button = make('button', {
    class: 'link',
    type: 'button',
    id: `parent-${id}`,
    text: `c${id}`,
    'aria-label': t('c{0}: open its diff', id),
  });
  button.addEventListener('click', () => ports.send({ type: 'openDiff', candidate: id }));
  const bar = make('i', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.width = `${(100 * count) / most}%`;
  return make('li', {}, [
    button,
    make('span', {
      class: 'number',
      text: formatWithUnit(value === undefined || Number.isNaN(value) ? null : value, header.unit),
    }),
    make('span', { class: 'bar-box' }, [bar]),
    make('span', { class: 'muted', text: plural(count, 'built on {0} time', 'built on {0} times') }),
  ]);
}

function searchFigures(scene: Scene): Figure[] {
  const { rows, header, facts } = scene;
  const path = pathOf(scene);
  const gains = gainsByStep(rows, header.goal);
  const mutations = gains.reduce((sum, step) => sum + step.mutations, 0);
  const better = gains.reduce((sum, step) => sum + step.better, 0);
  const fresh = newPrograms(rows);
  return [
    ...(path.length > 1
      ? [
          {
            term: t('path'),
            text: plural(path.length - 1, '{0} mutation', '{0} mutations'),
            detail: t('From the initial program to the best'),
          },
        ]
      : []),
    ...(mutations > 0
      ? [
          {
            term: t('better than parent'),
            text: formatShare(better, mutations),
            detail: t(
              '{0} of {1} valid candidates with a valid parent',
              formatCount(better),
              formatCount(mutations),
            ),
          },
        ]
      : []),
    ...(facts.childCounts.size > 0
      ? [
          {
            term: t('parents'),
            text: formatCount(facts.childCounts.size),
            detail: plural(
              Math.round(rows.length / facts.childCounts.size),
              'Candidates that others were made from, {0} time each on average',
              'Candidates that others were made from, {0} times each on average',
            ),
          },
        ]
      : []),
    ...(fresh === undefined
      ? []
      : [
          {
            term: t('new programs'),
            text: formatShare(fresh, rows.length),
            detail: t(
              '{0} of {1}; the others have the text of an earlier one',
              formatCount(fresh),
              formatCount(rows.length),
            ),
          },
        ]),
  ];
}

function pathOf({ rows, header }: Scene): number[] {
  return bestPath(rows, header.best?.id);
}

const pathChart: ChartKind = {
  id: 'lineage',
  title: t('Search shape'),
  subtitle: () => t('from the initial program to the best'),
  legend: () => [
    {
      text: t('ancestors of the best, larger the more was built on them'),
      mark: shapeMark('circle', (theme) => theme.best),
    },
    { text: t('mutation'), mark: lineMark((theme) => theme.best, { width: 1.25 }) },
  ],
  picture(scene, theme) {
    const { rows, header, value, facts } = scene;
    const path = pathOf(scene);
    const range = valueRange(
      header,
      [],
      [],
      value,
      path.map((row) => rows.values[row] ?? Number.NaN),
    );
    if (path.length === 0 || range === undefined)
      return t('Nothing to draw yet: the way to the best program appears with its first valid candidate.');
    const height = (row: number): number => value.of(rows.values[row] ?? Number.NaN);
    const references = referenceLayers(header, range, value);
    return {
      datasets: [
        {
          label: t('path'),
          data: path.map((row, index) => point(index, height(row))),
          borderColor: theme.best,
          borderWidth: 1.25,
          pointRadius: 0,
        },
      ],
      x: {
        min: -0.5,
        max: Math.max(path.length - 0.5, 1.5),
        title: t('mutations from the initial program'),
        format: formatCount,
        whole: true,
      },
      y: valueScale(scene, range),
      behind: [references.behind],
      front: [nodes(scene, path, height), references.front],
      stops: stopsOf(
        path.map((row, index) => ({ row, index })),
        {
          x: ({ index }) => index,
          y: ({ row }) => height(row),
          candidate: ({ row }) => rows.ids[row],
          describe: ({ row }) => [
            `c${rows.ids[row] ?? ''}: ${formatWithUnit(rows.values[row] ?? null, header.unit)}`,
            t('step {0}', formatStep(rows.steps[row] ?? -1)),
            plural(
              facts.childCounts.get(rows.ids[row] ?? -1) ?? 0,
              'built on {0} time',
              'built on {0} times',
            ),
          ],
        },
      ),
    };
  },
  describe(scene) {
    const path = pathOf(scene);
    const figures = searchFigures(scene).map(({ term, text }) => `${term} ${text}`);
    return plural(
      Math.max(0, path.length - 1),
      'Drawing of the path from the initial program to the best in {0} mutation. {1}.',
      'Drawing of the path from the initial program to the best in {0} mutations. {1}.',
      figures.join(', '),
    );
  },
  table(scene) {
    const { rows, header, facts } = scene;
    const path = pathOf(scene);
    return {
      columns: [t('Candidate'), t('Step'), header.metricName, t('Gain'), t('Built on')],
      ...newestRows('ancestors', path, (row, index) => {
        const value = rows.values[row] ?? Number.NaN;
        const before = index === 0 ? Number.NaN : (rows.values[path[index - 1] ?? -1] ?? Number.NaN);
        const gain = header.goal === 'minimize' ? before - value : value - before;
        return [
          `c${rows.ids[row] ?? ''}`,
          formatStep(rows.steps[row] ?? -1),
          formatValue(Number.isNaN(value) ? null : value),
          Number.isNaN(gain) ? '—' : `${gain < 0 ? '−' : ''}${formatDifference(gain)}`,
          formatCount(facts.childCounts.get(rows.ids[row] ?? -1) ?? 0),
        ];
      }),
    };
  },
};

/** A node an ancestor; the first and the last have their names. */
function nodes({ rows, facts }: Scene, path: readonly number[], height: (row: number) => number): Layer {
  const uses = path.map((row) => facts.childCounts.get(rows.ids[row] ?? -1) ?? 0);
  const most = Math.max(1, ...uses);
  return ({ ctx, theme, area, x, y }) => {
    ctx.fillStyle = theme.best;
    ctx.strokeStyle = theme.background;
    ctx.lineWidth = 1;
    path.forEach((row, index) => {
      ctx.beginPath();
      addShape(ctx, 'circle', x(index), y(height(row)), 2.5 + 4 * Math.sqrt((uses[index] ?? 0) / most));
      ctx.fill();
      ctx.stroke();
    });
    ctx.fillStyle = theme.text;
    ctx.font = `${theme.fontSizePx}px ${theme.fontFamily}`;
    ctx.textBaseline = 'middle';
    for (const index of new Set([0, path.length - 1])) {
      const row = path[index] ?? -1;
      const [atX, atY] = [x(index), y(height(row))];
      const up = atY > (area.top + area.bottom) / 2;
      ctx.textAlign = index === 0 ? 'left' : 'right';
      ctx.strokeStyle = theme.mutedText;
      ctx.beginPath();
      line(ctx, atX, atY + (up ? -7 : 7), atX, atY + (up ? -12 : 12));
      ctx.stroke();
      ctx.fillText(`c${rows.ids[row] ?? ''}`, atX + (index === 0 ? -3 : 3), atY + (up ? -19 : 19));
    }
  };
}
