import { make } from '../page/dom';
import type { Figure } from '../words/usageFigures';

/** Shows facts in a `dl`: the short form is seen, the long one is said and shown to the pointer. */
export function showFigures(list: HTMLElement, figures: readonly Figure[]): void {
  const key = JSON.stringify(figures);
  if (list.dataset['key'] === key) return;
  list.dataset['key'] = key;
  list.replaceChildren(
    ...figures.map(({ term, text, detail }) =>
      make('div', { title: detail }, [
        make('dt', { class: 'muted', text: term }),
        make('dd', {}, [text, make('span', { class: 'visually-hidden', text: ` (${detail})` })]),
      ]),
    ),
  );
}
