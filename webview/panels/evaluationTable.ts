import type { EvaluationRow } from '../../src/protocol/dashboardMessages';
import { make } from '../page/dom';
import { evaluationParts } from '../words/evaluationFigures';
import { t } from '../words/texts';

/** What the time of all evaluations went to; closed until someone asks. */
export function makeEvaluationTable(): {
  readonly element: HTMLElement;
  show(use: EvaluationRow | undefined): void;
} {
  const title = t('Where the time of evaluations went');
  const body = make('tbody');
  const heads = [t('Part'), t('Time'), t('Share')].map((text) =>
    make('th', { scope: 'col', class: 'number', text }),
  );
  const table = make('table', { 'aria-label': title }, [make('thead', {}, [make('tr', {}, heads)]), body]);
  const element = make('details', { id: 'evaluation-time', hidden: true }, [
    make('summary', { text: title }),
    make('div', { class: 'part-table' }, [table]),
  ]);
  let shown = '';
  return {
    element,
    show(use) {
      const parts = use === undefined ? [] : evaluationParts(use);
      const key = JSON.stringify(parts);
      if (key === shown) return;
      shown = key;
      element.hidden = parts.length === 0;
      body.replaceChildren(
        ...parts.map(([part, ...cells]) =>
          make('tr', {}, [
            make('th', { scope: 'row', class: 'number', text: part }),
            ...cells.map((text) => make('td', { class: 'number', text })),
          ]),
        ),
      );
    },
  };
}
