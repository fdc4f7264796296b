import { axisNames, type FromDashboard } from '../../src/protocol/dashboardMessages';
import { axisMissing, axisTitles, isAxisName } from '../data/axis';
import type { Choices, Scene } from '../data/scene';
import { makeChoice } from './choice';
import { make } from './dom';
import { t } from '../words/texts';

export interface Controls {
  readonly element: HTMLElement;
  readonly show: (scene: Scene) => void;
}

/** What holds for all charts: their axes, and the session's data to take along. */
export function makeControls(
  onChoose: (change: Partial<Choices>) => void,
  send: (message: FromDashboard) => void,
): Controls {
  const axis = makeChoice('axis', t('X axis'), (value) => {
    if (isAxisName(value)) onChoose({ axis: value });
  });
  const height = makeChoice('height', t('Y axis'), (value) =>
    onChoose({ distanceTo: value === '' ? null : value.slice(1) }),
  );
  const exports = (['csv', 'json', 'html'] as const).map((format) => {
    const button = make('button', {
      class: 'link',
      type: 'button',
      id: `export-${format}`,
      text: { csv: 'CSV', json: 'JSON', html: t('Report') }[format],
      'aria-label': {
        csv: t('Save all candidates as CSV'),
        json: t('Save the session as JSON'),
        html: t('Save a report of the session as HTML'),
      }[format],
    });
    button.addEventListener('click', () => send({ type: 'export', format }));
    return button;
  });
  const toCandidates = make('button', {
    class: 'link',
    type: 'button',
    id: 'to-candidates',
    text: t('Candidates ↓'),
    'aria-label': t('Go to the list of candidates, below the charts'),
  });
  toCandidates.addEventListener('click', () => {
    const title = document.getElementById('candidates-title');
    title?.scrollIntoView();
    title?.focus();
  });
  return {
    element: make('div', { class: 'controls', role: 'group', 'aria-label': t('Charts') }, [
      axis.element,
      height.element,
      make('div', { class: 'exports' }, [
        make('span', {
          class: 'muted',
          text: t({ message: 'Save', comment: 'before names of file formats' }),
        }),
        ...exports,
      ]),
      toCandidates,
    ]),
    show({ header, rows, choices, axis: shown }) {
      axis.show(
        axisNames.map((name) => ({ value: name, text: axisTitles[name], missing: axisMissing(name, rows) })),
        shown.name,
      );
      // A letter in front tells the empty label from no reference.
      height.show(
        [
          { value: '', text: header.metricName === '' ? t('Value') : header.metricName },
          ...header.references.map(({ label }) => ({
            value: `=${label}`,
            text: t('Distance to {0}, logarithmic', label),
          })),
        ],
        choices.distanceTo !== null && header.references.some(({ label }) => label === choices.distanceTo)
          ? `=${choices.distanceTo}`
          : '',
      );
    },
  };
}
