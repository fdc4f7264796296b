import { make } from './dom';

export interface Option {
  readonly value: string;
  readonly text: string;
  /** It cannot be chosen, because of this. */
  readonly missing?: string | undefined;
}

export interface Choice {
  readonly element: HTMLElement;
  show(options: readonly Option[], chosen: string): void;
}

/** A labelled native select. What cannot be chosen says why. */
export function makeChoice(id: string, label: string, onChoose: (value: string) => void): Choice {
  const select = make('select', { id });
  select.addEventListener('change', () => onChoose(select.value));
  let shown = '';
  return {
    element: make('label', { class: 'choice' }, [make('span', { class: 'muted', text: label }), select]),
    show(options, chosen) {
      const next = JSON.stringify(options);
      if (next !== shown) {
        shown = next;
        select.replaceChildren(
          ...options.map(({ value, text, missing }) =>
            make('option', {
              value,
              disabled: missing !== undefined,
              text: missing === undefined ? text : `${text} (${missing})`,
            }),
          ),
        );
      }
      if (select.value !== chosen) select.value = chosen;
    },
  };
}
