import { make, setText } from '../page/dom';
import { throttle } from '../page/throttle';
import { noStops, type Stops } from './picture';
import { t } from '../words/texts';

/** Where the chart on the canvas has a stop, in pixels of the canvas. */
export type Project = (index: number) => { readonly x: number; readonly y: number };

export interface Explorer {
  /** Around the canvas: takes the focus, and has the ring and the words at the point. */
  readonly element: HTMLElement;
  show(stops: Stops, project: Project): void;
  /** The pointer or the keys have gone. */
  clear(): void;
}

const nearEnoughPx = 28;
/** Pages of the keyboard: so many stops at once. */
const pageSize = 20;

/**
 * Finds the points of a chart by pointer and by keys: arrows go from one to the next, Enter opens the diff of the candidate. The point is
 * ringed and described in the page, so nothing is drawn again; a screen reader hears the words.
 */
export function makeExplorer(
  label: string,
  canvas: HTMLElement,
  open: (candidate: number) => void,
): Explorer {
  const ring = make('div', { class: 'stop-ring', hidden: true });
  const tip = make('div', { class: 'stop-tip', hidden: true, 'aria-hidden': 'true' });
  const spoken = make('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  const speak = throttle(300, (text: string) => setText(spoken, text));
  const element = make(
    'div',
    { class: 'explorer', tabindex: '0', role: 'group', 'aria-label': t('{0}, by arrow keys', label) },
    [canvas, ring, tip, spoken],
  );
  let stops: Stops = noStops;
  let project: Project = () => ({ x: Number.NaN, y: Number.NaN });
  let current = -1;

  const place = (index: number): void => {
    current = index;
    const { x, y } = index < 0 ? { x: Number.NaN, y: Number.NaN } : project(index);
    const seen = Number.isFinite(x) && Number.isFinite(y);
    ring.hidden = tip.hidden = !seen;
    element.classList.toggle('opens', seen && stops.candidate(index) !== undefined);
    if (!seen) return;
    const lines = stops.describe(index);
    tip.replaceChildren(...lines.map((text, at) => make('div', { class: at === 0 ? 'first' : '', text })));
    ring.style.transform = `translate(${x}px, ${y}px)`;
    const { clientWidth, clientHeight } = element;
    const toTheLeft = x > clientWidth / 2;
    tip.style.left = toTheLeft ? '' : `${x + 12}px`;
    tip.style.right = toTheLeft ? `${clientWidth - x + 12}px` : '';
    tip.style.top = y > clientHeight / 2 ? '' : `${y + 8}px`;
    tip.style.bottom = y > clientHeight / 2 ? `${clientHeight - y + 8}px` : '';
  };
  const clear = (): void => place(-1);
  const openCurrent = (): void => {
    const candidate = current < 0 ? undefined : stops.candidate(current);
    if (candidate !== undefined) open(candidate);
  };
  element.addEventListener('pointermove', (event) => {
    const box = element.getBoundingClientRect();
    place(nearest(stops, project, event.clientX - box.left, event.clientY - box.top));
  });
  element.addEventListener('pointerleave', clear);
  element.addEventListener('blur', clear);
  element.addEventListener('click', openCurrent);
  element.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') openCurrent();
    if (event.key === 'Escape') clear();
    const next = nextStop(event.key, current, stops.length);
    if (next === undefined) return;
    event.preventDefault();
    place(next);
    if (next >= 0) {
      const words = `${stops.describe(next).join('. ')}.`;
      speak(stops.candidate(next) === undefined ? words : `${words} ${t('Enter opens the diff.')}`);
    }
  });
  return {
    element,
    show(nextStops, nextProject) {
      stops = nextStops;
      project = nextProject;
      if (current >= 0) place(current < stops.length ? current : -1);
    },
    clear,
  };
}

function nextStop(key: string, current: number, length: number): number | undefined {
  if (length === 0) return undefined;
  const from = (index: number): number => Math.min(length - 1, Math.max(0, index));
  switch (key) {
    case 'ArrowRight':
    case 'ArrowUp':
      return from(current + 1);
    case 'ArrowLeft':
    case 'ArrowDown':
      return current < 0 ? length - 1 : from(current - 1);
    case 'PageUp':
      return from(current - pageSize);
    case 'PageDown':
      return from(current + pageSize);
    case 'Home':
      return 0;
    case 'End':
      return length - 1;
    default:
      return undefined;
  }
}

/** The stop next to a place; -1 for none near it. */
function nearest(stops: Stops, project: Project, x: number, y: number): number {
  let found = -1;
  let least = nearEnoughPx ** 2;
  for (let index = 0; index < stops.length; index++) {
    const at = project(index);
    const distance = (at.x - x) ** 2 + (at.y - y) ** 2;
    if (distance < least) {
      least = distance;
      found = index;
    }
  }
  return found;
}
