import type { Scene } from '../data/scene';
import { answers } from '../words/glance';
import { make } from './dom';

/** Three questions and their answers, for the one look that most people take. */
export function makeGlance(): { readonly element: HTMLElement; readonly show: (scene: Scene) => void } {
  const element = make('dl', { class: 'glance', id: 'glance', hidden: true });
  let shown = '';
  return {
    element,
    show(scene) {
      const all = answers(scene);
      const key = JSON.stringify(all);
      if (key === shown) return;
      shown = key;
      element.hidden = all.length === 0;
      element.replaceChildren(
        ...all.map(({ question, short, detail }) =>
          make('div', {}, [
            make('dt', { class: 'muted', text: question }),
            make('dd', {}, [make('strong', { text: short }), make('span', { class: 'muted', text: detail })]),
          ]),
        ),
      );
    },
  };
}
