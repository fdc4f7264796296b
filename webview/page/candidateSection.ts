import type { CandidateRow, DashboardHeader, FromDashboard } from '../../src/protocol/dashboardMessages';
import { moveWithArrows } from './arrowKeys';
import { make, setText } from './dom';
import { formatCount, formatDuration, formatStep, formatWithUnit } from '../words/format';
import type { Scene } from '../data/scene';
import { throttle } from './throttle';
import { t } from '../words/texts';

/** A list that changes faster cannot be read. */
const listIntervalMs = 1000;
/** Out of sight it follows slowly: two hundred rows of words take longer than all charts. */
const unseenIntervalMs = 5000;

export type CandidateOrder = 'newest' | 'best';

export interface CandidateSection {
  readonly element: HTMLElement;
  readonly show: (model: Listed) => void;
}

type Listed = Pick<Scene, 'header' | 'candidates'>;

/** The candidates of the session, with what can be done with each. */
export function makeCandidateSection(
  initialOrder: CandidateOrder,
  onOrder: (order: CandidateOrder) => void,
  send: (message: FromDashboard) => void,
): CandidateSection {
  let order = initialOrder;
  let model: Listed | undefined;
  const rows = new Map<number, CandidateElement>();
  const body = make('tbody', { id: 'candidates' });
  const empty = make('p', {
    class: 'empty muted',
    id: 'no-candidates',
    text: t('The initial program is being evaluated…'),
  });
  const count = make('span', { class: 'muted' });
  const newest = make('button', {
    class: 'link',
    type: 'button',
    id: 'order-newest',
    text: t('Newest first'),
  });
  const best = make('button', { class: 'link', type: 'button', id: 'order-best', text: t('Best first') });
  const table = make('table', { class: 'candidate-table', 'aria-labelledby': 'candidates-title' }, [
    make('thead', {}, [make('tr', {}, columns.map(headCell))]),
    body,
  ]);
  const element = make('section', { class: 'candidates', 'aria-labelledby': 'candidates-title' }, [
    make('div', { class: 'panel-head' }, [
      // Focused by the link to it above the charts.
      make('h2', { id: 'candidates-title', tabindex: '-1', text: t('Candidates') }),
      count,
      make('div', { class: 'order', role: 'group', 'aria-label': t('Order') }, [newest, best]),
    ]),
    table,
    empty,
  ]);
  moveWithArrows(body);

  const draw = (): void => {
    newest.setAttribute('aria-pressed', String(order === 'newest'));
    best.setAttribute('aria-pressed', String(order === 'best'));
    if (model === undefined) return;
    const { header } = model;
    const shown = order === 'newest' ? model.candidates : bestFirst(model.candidates, header.goal);
    empty.hidden = shown.length > 0;
    table.hidden = shown.length === 0;
    setText(
      count,
      shown.length < header.evaluated ? t('the newest and the best {0}', formatCount(shown.length)) : '',
    );
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      row.element.remove();
      rows.delete(id);
    }
    shown.forEach((candidate, index) => {
      let row = rows.get(candidate.id);
      if (row === undefined) {
        row = makeRow(candidate.id, send);
        rows.set(candidate.id, row);
      }
      row.show(candidate, header);
      // A row that already stands there is not touched: moving it would take the focus away.
      const there = body.children[index] ?? null;
      if (there !== row.element) body.insertBefore(row.element, there);
    });
  };
  const choose = (chosen: CandidateOrder): void => {
    order = chosen;
    onOrder(chosen);
    draw();
  };
  newest.addEventListener('click', () => choose('newest'));
  best.addEventListener('click', () => choose('best'));
  draw();
  // The charts come first: the list is below the fold.
  const drawLater = (_: undefined): void => void requestAnimationFrame(() => setTimeout(draw));
  const follow = throttle(listIntervalMs, drawLater);
  const followSlowly = throttle(unseenIntervalMs, drawLater);
  let isSeen = true;
  new IntersectionObserver((entries) => {
    isSeen = entries.at(-1)?.isIntersecting ?? isSeen;
    if (isSeen) follow(undefined);
  }).observe(element);
  return {
    element,
    show(next) {
      model = next;
      if (isSeen) follow(undefined);
      else followSlowly(undefined);
    },
  };
}

const columns = [
  { name: 'id', title: t('Candidate') },
  { name: 'step', title: t('Step') },
  { name: 'value', title: t('Value') },
  { name: 'parent', title: t('Parent') },
  { name: 'note', title: t({ message: 'Note', comment: 'what changed in a candidate, or why it failed' }) },
  { name: 'time', title: t('Time') },
  { name: 'actions', title: t('Actions') },
] as const;

function headCell({ name, title }: (typeof columns)[number]): HTMLElement {
  const hiddenTitle = name === 'actions';
  return make('th', { scope: 'col', class: name }, [
    make('span', { class: hiddenTitle ? 'visually-hidden' : '', text: title }),
  ]);
}

/** Valid ones by value, the earliest first among equals; then the rest, newest first. */
function bestFirst(candidates: readonly CandidateRow[], goal: DashboardHeader['goal']): CandidateRow[] {
  const cost = ({ value }: CandidateRow): number =>
    value === null ? Number.POSITIVE_INFINITY : goal === 'minimize' ? value : -value;
  return [...candidates].sort((a, b) => {
    if (a.value === null || b.value === null)
      return a.value === b.value ? b.id - a.id : a.value === null ? 1 : -1;
    return cost(a) - cost(b) || a.id - b.id;
  });
}

interface CandidateElement {
  readonly element: HTMLTableRowElement;
  show(candidate: CandidateRow, header: DashboardHeader): void;
}

const stateWords: Readonly<Record<Exclude<CandidateRow['state'], 'valid'>, string>> = {
  running: t({ message: 'running', comment: 'one candidate' }),
  failed: t({ message: 'failed', comment: 'one candidate' }),
};

function makeRow(id: number, send: (message: FromDashboard) => void): CandidateElement {
  const star = make('i', {
    class: 'codicon codicon-star-full',
    title: t('Best so far'),
    role: 'img',
    'aria-label': t('Best so far'),
  });
  const step = make('td', { class: 'step' });
  const value = make('td', { class: 'value' });
  const parent = make('td', { class: 'parent' });
  const note = make('td', { class: 'note' });
  const time = make('td', { class: 'time' });
  const openDiff = iconButton('diff', t('Open diff of candidate {0}', id));
  const accept = iconButton('check', t('Accept candidate {0}', id));
  const verify = iconButton('verified', t('Verify candidate {0}', id));
  const element = make('tr', { tabindex: '-1', 'data-candidate': String(id) }, [
    make('th', { scope: 'row', class: 'id' }, [`c${id}`, star]),
    step,
    value,
    parent,
    note,
    time,
    make('td', { class: 'actions' }, [openDiff, accept, verify]),
  ]);
  openDiff.addEventListener('click', () => send({ type: 'openDiff', candidate: id }));
  accept.addEventListener('click', () => send({ type: 'accept', candidate: id }));
  verify.addEventListener('click', () => send({ type: 'verify', candidate: id }));
  element.addEventListener('dblclick', () => send({ type: 'openDiff', candidate: id }));
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target === element) send({ type: 'openDiff', candidate: id });
  });
  return {
    element,
    show(candidate, header) {
      const isBest = header.best?.id === id;
      star.hidden = !isBest;
      element.className = isBest ? `${candidate.state} best-row` : candidate.state;
      setText(step, formatStep(candidate.step));
      setText(
        value,
        candidate.state === 'valid'
          ? formatWithUnit(candidate.value, header.unit)
          : stateWords[candidate.state],
      );
      value.title = candidate.value === null ? '' : String(candidate.value);
      setText(parent, candidate.parent === null ? '' : `c${candidate.parent}`);
      setText(note, candidate.note);
      note.title = candidate.note;
      setText(time, formatDuration(candidate.durationMs));
      accept.disabled = candidate.state !== 'valid';
      verify.disabled = candidate.state !== 'valid';
    },
  };
}

function iconButton(icon: string, label: string): HTMLButtonElement {
  return make('button', { type: 'button', class: 'icon-button', title: label, 'aria-label': label }, [
    make('i', { class: `codicon codicon-${icon}`, 'aria-hidden': 'true' }),
  ]);
}
