import type { FromDashboard } from '../../src/protocol/dashboardMessages';
import type { ComparableSession, Overlay } from '../../src/protocol/dashboardData';
import { lineMark } from '../charts/marks';
import { point, stopsOf, type ChartPicture, type LineDataset } from '../charts/picture';
import { referenceLayers } from '../charts/references';
import type { ChartTheme } from '../charts/theme';
import type { Scene } from '../data/scene';
import { rangeWords, valueRange, type ValueRange } from '../data/valueRange';
import { make } from '../page/dom';
import { betterDirection, formatCount, formatValue, formatWithUnit } from '../words/format';
import { axisScale, bestCourse, referenceEntry, valueScale } from './bestChart';
import { makeChartPanel, type ChartKind } from './chartPanel';
import type { Panel, PanelPorts } from './panel';
import { axisWords } from '../data/axis';
import { plural, t } from '../words/texts';

/** Sessions at once, as the extension takes them. */
const overlayLimit = 8;
const dashes = [
  [8, 3],
  [2, 3],
  [8, 3, 2, 3],
  [12, 4],
  [4, 2],
  [1, 4],
  [10, 2, 2, 2, 2, 2],
  [6, 6],
] as const;

/** The running best of this session and of others on the same problem, along one axis. */
export function makeComparePanel(ports: PanelPorts, onCompare: (sessionIds: string[]) => void): Panel {
  const panel = makeChartPanel(compareChart, ports);
  const list = make('fieldset', { class: 'sessions', id: 'compare-sessions' });
  panel.element.append(list);
  let shown = '';
  return {
    element: panel.element,
    describe: panel.describe,
    show(scene) {
      panel.show(scene);
      const key = JSON.stringify([scene.comparable, scene.header.unit]);
      if (key === shown) return;
      shown = key;
      // The box in focus is made anew: it keeps the focus.
      const focused = list.contains(document.activeElement) ? document.activeElement?.id : undefined;
      list.replaceChildren(...sessionBoxes(scene, onCompare));
      if (focused !== undefined) document.getElementById(focused)?.focus();
    },
  };
}

function sessionBoxes(
  { comparable, header }: Scene,
  onCompare: (sessionIds: string[]) => void,
): HTMLElement[] {
  if (comparable.length === 0) return [];
  const chosen = comparable.filter((session) => session.shown).map((session) => session.sessionId);
  const box = (session: ComparableSession): HTMLElement => {
    const input = make('input', {
      type: 'checkbox',
      id: `compare-${session.sessionId}`,
      checked: session.shown,
      disabled: !session.shown && chosen.length >= overlayLimit,
    });
    input.addEventListener('change', () =>
      onCompare(
        input.checked
          ? [...chosen, session.sessionId]
          : chosen.filter((sessionId) => sessionId !== session.sessionId),
      ),
    );
    const facts = t(
      '{0} after {1}',
      formatWithUnit(session.best, header.unit),
      formatCount(session.evaluated),
    );
    return make('label', {}, [
      input,
      make('span', { text: session.title }),
      make('span', { class: 'muted', text: `${session.description}; ${facts}` }),
    ]);
  };
  return [
    make('legend', { class: 'muted', text: t('Other sessions on this problem') }),
    ...comparable.map(box),
  ];
}

/** Message that the page sends when the choice changed. */
export function compareRequest(sessionIds: readonly string[]): FromDashboard {
  return { type: 'compare', sessionIds: sessionIds.slice(0, overlayLimit) };
}

const compareChart: ChartKind = {
  id: 'compare',
  title: t('Compare sessions'),
  subtitle: ({ header, axis }) =>
    t('best {0} by {1}, {2}', header.metricName, axisWords[axis.name], betterDirection(header.goal)),
  legend: ({ overlays, header }) => [
    { text: t('this session'), mark: lineMark((theme) => theme.best) },
    ...overlays.map(({ title }, index) => ({
      text: title,
      mark: lineMark((theme: ChartTheme) => overlayColour(theme, index), { width: 1.5, dash: dashOf(index) }),
    })),
    ...(header.references.length > 0 ? [referenceEntry] : []),
  ],
  picture(scene, theme) {
    const { comparable, overlays, header, value } = scene;
    if (comparable.length === 0)
      return t(
        'No other session on this problem yet. A second one, with another policy or seed, can be laid over this one here.',
      );
    if (overlays.length === 0) return t('Choose sessions below to lay them over this one.');
    const range = rangeOf(scene);
    if (range === undefined) return t('No value to compare yet.');
    const references = referenceLayers(header, range, value);
    const axis = axisScale(scene);
    const lasts = overlays.map((overlay) => scene.axis.ofOverlay(overlay, overlay.candidates.length - 1));
    return {
      datasets: [
        ownLine(scene, theme),
        ...overlays.map((overlay, index) => overlayLine(scene, theme, overlay, index)),
      ],
      x: { ...axis, max: Math.max(axis.max, ...lasts.filter((x) => Number.isFinite(x))) },
      y: valueScale(scene, range),
      behind: [references.behind],
      front: [references.front],
      stops: stops(scene),
    };
  },
  caption(scene) {
    const range = rangeOf(scene);
    const absent = scene.overlays.filter((overlay) => !hasPlaces(scene, overlay)).map(({ title }) => title);
    const missing = absent.length === 0 ? '' : t('Without numbers for this axis: {0}.', absent.join(', '));
    return [range === undefined ? '' : rangeWords(range), missing].filter(Boolean).join(' ');
  },
  describe(scene) {
    const { header, overlays } = scene;
    const own = t('this one {0}', formatWithUnit(header.best?.value ?? null, header.unit));
    const others = overlays.map(
      ({ title, bestSoFar }) => `${title} ${formatWithUnit(bestSoFar.at(-1) ?? null, header.unit)}`,
    );
    return plural(
      overlays.length + 1,
      'Line chart of the best {1} of {0} session: {2}.',
      'Line chart of the best {1} of {0} sessions: {2}.',
      header.metricName,
      [own, ...others].join('; '),
    );
  },
  table: ({ comparable, header }) => ({
    columns: [
      t('Session'),
      t({ message: 'Best', comment: 'the best value, over a column' }),
      t('Evaluated'),
      t('Shown'),
    ],
    rows: [
      [t('this session'), formatValue(header.best?.value ?? null), formatCount(header.evaluated), t('yes')],
      ...comparable.map(({ title, best, evaluated, shown }) => [
        title,
        formatValue(best),
        formatCount(evaluated),
        shown ? t('yes') : t('no'),
      ]),
    ],
    note: '',
  }),
};

function rangeOf({ header, steps, value, overlays }: Scene): ValueRange | undefined {
  return valueRange(
    header,
    steps,
    ['bestSoFar'],
    value,
    overlays.flatMap(({ bestSoFar }) => [...bestSoFar]),
  );
}

function hasPlaces({ axis }: Scene, overlay: Overlay): boolean {
  return Number.isFinite(axis.ofOverlay(overlay, overlay.candidates.length - 1));
}

function overlayColour(theme: ChartTheme, index: number): string {
  return theme.overlays[index % theme.overlays.length] ?? theme.text;
}

function dashOf(index: number): number[] {
  return [...(dashes[index % dashes.length] ?? [])];
}

function ownLine(scene: Scene, theme: ChartTheme): LineDataset {
  return {
    label: t('this session'),
    data: bestCourse(scene),
    stepped: 'before',
    borderColor: theme.best,
    borderWidth: 2,
    pointRadius: 0,
    order: 0,
  };
}

function overlayLine(
  { axis, value }: Scene,
  theme: ChartTheme,
  overlay: Overlay,
  index: number,
): LineDataset {
  const data: ReturnType<typeof point>[] = [];
  overlay.bestSoFar.forEach((best, at) => {
    const x = axis.ofOverlay(overlay, at);
    if (Number.isFinite(x)) data.push(point(x, value.of(best)));
  });
  return {
    label: overlay.title,
    data,
    stepped: 'before',
    borderColor: overlayColour(theme, index),
    borderWidth: theme.highContrast ? 2 : 1.5,
    borderDash: dashOf(index),
    pointRadius: 0,
    order: 1 + index,
  };
}

function stops(scene: Scene): ChartPicture['stops'] {
  const { overlays, axis, value, header, rows, improvements } = scene;
  const own = improvements.map((row) => ({
    x: axis.ofRow(row),
    best: rows.values[row] ?? Number.NaN,
    title: t('this session'),
    id: rows.ids[row] ?? 0,
    isOwn: true,
  }));
  const others = overlays.flatMap((overlay) =>
    Array.from(overlay.bestSoFar, (best, at) => ({
      x: axis.ofOverlay(overlay, at),
      best,
      title: overlay.title,
      id: overlay.candidates[at] ?? 0,
      isOwn: false,
    })),
  );
  const all = [...own, ...others].filter(({ x }) => Number.isFinite(x)).sort((a, b) => a.x - b.x);
  return stopsOf(all, {
    x: ({ x }) => x,
    y: ({ best }) => value.of(best),
    describe: ({ best, title, id }) => [formatWithUnit(best, header.unit), `${title}, c${id}`],
    candidate: ({ isOwn, id }) => (isOwn ? id : undefined),
  });
}
