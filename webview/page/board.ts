import type { Scene } from '../data/scene';
import type { Panel } from '../panels/panel';
import { throttle } from './throttle';

export interface Board {
  /** What is to be seen from now on. */
  show(scene: Scene): void;
  /** Draws again what is seen, in the editor's colours of now. */
  redraw(): void;
}

/** Redraws are no more frequent than this. */
const redrawIntervalMs = 250;
/** Panels are drawn as long as this takes; the others wait for the next frame, so that the page stays at hand. */
const frameBudgetMs = 16;
/** What is about to be scrolled into view is drawn already. */
const aheadPx = 200;

/** Draws panels when they are seen and differ from what they show: a panel below the fold costs nothing. */
export function makeBoard(panels: readonly Panel[]): Board {
  let scene: Scene | undefined;
  const drawn = new Map<Panel, Scene>();
  let isDrawing = false;

  const isSeen = ({ element }: Panel): boolean => {
    const { top, bottom, width } = element.getBoundingClientRect();
    // A hidden panel has no size: it is asked whether there is something to show by now.
    return width === 0 || (top < window.innerHeight + aheadPx && bottom > -aheadPx);
  };
  const drawSome = (): void => {
    isDrawing = false;
    if (scene === undefined || document.hidden) return;
    const startMs = performance.now();
    for (const panel of panels) {
      if (drawn.get(panel) === scene || !isSeen(panel)) continue;
      if (performance.now() - startMs > frameBudgetMs) {
        isDrawing = true;
        requestAnimationFrame(drawSome);
        return;
      }
      panel.show(scene);
      drawn.set(panel, scene);
    }
  };
  const draw = throttle(redrawIntervalMs, (_: undefined) => {
    if (!isDrawing) drawSome();
  });
  const watch = new IntersectionObserver(
    (entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting) && !isDrawing) drawSome();
    },
    { rootMargin: `${aheadPx}px 0px` },
  );
  for (const { element } of panels) watch.observe(element);
  document.addEventListener('visibilitychange', () => draw(undefined));
  return {
    show(next) {
      scene = next;
      draw(undefined);
    },
    redraw() {
      drawn.clear();
      draw(undefined);
    },
  };
}
