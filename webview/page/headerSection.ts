import '@vscode-elements/elements/dist/vscode-badge/index.js';
import '@vscode-elements/elements/dist/vscode-button/index.js';
import type { DashboardHeader, FromDashboard } from '../../src/protocol/dashboardMessages';
import { compareBest } from '../words/comparison';
import { make, setText } from './dom';
import { betterDirection, formatCount, formatShare, formatWithUnit } from '../words/format';
import { usageFigures, type Figure } from '../words/usageFigures';
import { t } from '../words/texts';

export interface HeaderSection {
  readonly element: HTMLElement;
  show(header: DashboardHeader): void;
}

const statusWords: Readonly<Record<DashboardHeader['status'], string>> = {
  preparing: t('Preparing'),
  running: t('Running'),
  pausing: t('Pausing'),
  paused: t('Paused'),
  stopping: t('Stopping'),
  finished: t('Finished'),
  failed: t('Failed'),
  interrupted: t('Interrupted'),
};

/** Title, state, the link to the host, the best value against the references, and the buttons. */
export function makeHeaderSection(send: (message: FromDashboard) => void): HeaderSection {
  const title = make('h1');
  const badge = make('vscode-badge', { id: 'status' });
  const status = make('span', { id: 'status-text' });
  const host = make('span', { id: 'host', class: 'muted' });
  const connection = make('div', { id: 'connection', class: 'banner', hidden: true });
  const warnings = make('details', { id: 'warnings', class: 'banner warning', hidden: true });
  const figures = makeFigures();
  const buttons = makeButtons(send);
  const element = make('header', { class: 'dashboard-header' }, [
    make('div', { class: 'title-row' }, [
      make('div', { class: 'title' }, [title, make('p', { class: 'status-line' }, [badge, status, host])]),
      buttons.element,
    ]),
    connection,
    warnings,
    figures.element,
  ]);
  return {
    element,
    show(header) {
      setText(title, header.title);
      setText(badge, statusWords[header.status]);
      setText(status, header.statusText);
      setText(host, [t('on {0}', header.hostLabel), header.search].filter(Boolean).join(' · '));
      connection.hidden = header.connectionText === null;
      connection.classList.toggle('warning', header.connection === 'lost');
      setText(connection, header.connectionText ?? '');
      showWarnings(warnings, header.warnings);
      figures.show(header);
      buttons.show(header);
    },
  };
}

function showWarnings(element: HTMLDetailsElement, warnings: readonly string[]): void {
  element.hidden = warnings.length === 0;
  const text = warnings.join('\n');
  // Only a change is drawn: drawing closes what the reader has opened.
  if (element.dataset['warnings'] === text) return;
  element.dataset['warnings'] = text;
  const [newest = ''] = warnings;
  const others = warnings.length - 1;
  const summary =
    others === 0 ? t('Warning: {0}', newest) : t('Warning: {0} (and {1} more)', newest, formatCount(others));
  element.replaceChildren(
    make('summary', {}, [
      make('i', { class: 'codicon codicon-warning', 'aria-hidden': 'true' }),
      ` ${summary}`,
    ]),
    make(
      'ul',
      {},
      warnings.map((warning) => make('li', { text: warning })),
    ),
  );
}

function makeFigures(): HeaderSection {
  const bestValue = make('span', { id: 'best-value', class: 'figure' });
  const bestCaption = make('span', { id: 'best-caption', class: 'muted' });
  const counts = make('dl', { class: 'counts' });
  const comparisons = make('tbody');
  const comparisonTable = make(
    'table',
    { id: 'comparisons', class: 'comparisons', 'aria-label': t('Best value compared with the references') },
    [comparisons],
  );
  let compared = '';
  const showComparisons = (header: DashboardHeader): void => {
    const rows = compareBest(header);
    const key = JSON.stringify([rows, header.unit]);
    if (key === compared) return;
    compared = key;
    comparisons.replaceChildren(
      ...rows.map(({ label, value, relation, words }) =>
        make('tr', { class: relation }, [
          make('th', { scope: 'row', text: label }),
          make('td', { class: 'number', text: formatWithUnit(value, header.unit), title: String(value) }),
          make('td', { class: 'verdict' }, [
            make('i', { class: `codicon ${relationIcons[relation]}`, 'aria-hidden': 'true' }),
            words,
          ]),
        ]),
      ),
    );
  };
  return {
    element: make('div', { class: 'figures' }, [
      make('div', { class: 'best' }, [bestValue, bestCaption]),
      comparisonTable,
      counts,
    ]),
    show(header) {
      const { best, unit } = header;
      setText(bestValue, best === null ? '—' : formatWithUnit(best.value, unit));
      bestValue.title = best === null ? '' : String(best.value);
      setText(
        bestCaption,
        best === null
          ? t('no valid candidate yet, {0}', betterDirection(header.goal))
          : t('best {0}, candidate c{1}, {2}', header.metricName, best.id, betterDirection(header.goal)),
      );
      showComparisons(header);
      const failed = header.evaluated - header.valid;
      counts.replaceChildren(
        ...definition(t('evaluated'), formatCount(header.evaluated)),
        ...definition(
          t({ message: 'valid', comment: 'several candidates, over their number' }),
          `${formatCount(header.valid)} (${formatShare(header.valid, header.evaluated)})`,
        ),
        ...definition(
          t({ message: 'failed', comment: 'several candidates, over their number' }),
          formatCount(failed),
        ),
        ...usageFigures(header.usage).map(figure),
      );
    },
  };
}

const relationIcons = {
  better: 'codicon-pass-filled',
  equal: 'codicon-pass',
  worse: 'codicon-circle-large-outline',
  unknown: 'codicon-blank',
} as const;

function definition(term: string, value: string): HTMLElement[] {
  return [make('div', {}, [make('dt', { class: 'muted', text: term }), make('dd', { text: value })])];
}

/** The short form is shown, the long one is read. */
function figure({ term, text, detail }: Figure): HTMLElement {
  return make('div', { title: detail }, [
    make('dt', { class: 'muted', text: term }),
    make('dd', {}, [
      make('span', { 'aria-hidden': 'true', text }),
      make('span', { class: 'visually-hidden', text: detail }),
    ]),
  ]);
}

function makeButtons(send: (message: FromDashboard) => void): HeaderSection {
  let best: number | undefined;
  const openBest = button('open-best', t('Open best diff'), 'diff', { primary: true });
  const accept = button('accept-best', t('Accept best'), 'check');
  const pause = button('pause', t('Pause'), 'debug-pause');
  const resume = button('resume', t('Resume'), 'debug-continue');
  const stop = button('stop', t('Stop'), 'debug-stop');
  const onClick = (element: HTMLElement, action: () => void): void => {
    element.addEventListener('click', () => {
      if (!element.hasAttribute('disabled')) action();
    });
  };
  onClick(openBest, () => send({ type: 'openBestDiff' }));
  onClick(accept, () => {
    if (best !== undefined) send({ type: 'accept', candidate: best });
  });
  onClick(pause, () => send({ type: 'pause' }));
  onClick(resume, () => send({ type: 'resume' }));
  onClick(stop, () => send({ type: 'stop' }));
  return {
    element: make('div', { class: 'buttons', role: 'group', 'aria-label': t('Session') }, [
      openBest,
      accept,
      pause,
      resume,
      stop,
    ]),
    show({ best: current, allowed, status }) {
      best = current?.id;
      openBest.disabled = current === null;
      accept.disabled = current === null;
      const resumes = status === 'paused' || status === 'interrupted';
      pause.hidden = resumes;
      resume.hidden = !resumes;
      pause.disabled = !allowed.pause;
      resume.disabled = !allowed.resume;
      stop.disabled = !allowed.stop;
    },
  };
}

function button(
  id: string,
  label: string,
  icon: string,
  { primary = false } = {},
): HTMLElementTagNameMap['vscode-button'] {
  return make('vscode-button', { id, icon, text: label, secondary: !primary });
}
