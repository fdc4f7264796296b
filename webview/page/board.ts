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
const frameBudgetMs = 30;
/** The first picture is worth a longer task. */
const firstFrameBudgetMs = 60;
/** Words of charts that are not seen are made anew no more often than this. */
const describeIntervalMs = 2000;
/** What is about to be scrolled into view is drawn already. */
const aheadPx = 200;
/** And drawn again no more often than this: when it comes into view it shows the newest at once. */
const aheadIntervalMs = 2000;

/** Draws panels when they are seen and differ from what they show: a panel below the fold costs nothing. */
export function makeBoard(panels: readonly Panel[]): Board {
  let scene: Scene | undefined;
  const drawn = new Map<Panel, { readonly scene: Scene; readonly atMs: number }>();
  let isWaiting = false;

  /** In view or near it, as the browser tells; it tells for the first time after the first frame. */
  let seen: Set<Element> | undefined;
  const inView = new Set<Element>();

  const isSeen = ({ element }: Panel): boolean => {
    // A hidden panel is asked whether there is something to show by now.
    if (element.hidden) return true;
    if (seen !== undefined) return seen.has(element);
    // Measuring makes the browser arrange the page: only for the first frame, which cannot wait.
    const { top, bottom } = element.getBoundingClientRect();
    return top < window.innerHeight + aheadPx && bottom > -aheadPx;
  };
  const isDue = (panel: Panel, nowMs: number): boolean => {
    const last = drawn.get(panel);
    if (last?.scene === scene || !isSeen(panel)) return false;
    const { element } = panel;
    if (last === undefined || element.hidden) return true;
    return inView.has(element) || nowMs > last.atMs + aheadIntervalMs;
  };
  const drawSome = (): void => {
    isWaiting = false;
    if (scene === undefined || document.hidden) return;
    const startMs = performance.now();
    const budgetMs = drawn.size === 0 ? firstFrameBudgetMs : frameBudgetMs;
    for (const panel of panels) {
      if (!isDue(panel, startMs)) continue;
      if (performance.now() - startMs > budgetMs) {
        drawInFrame();
        return;
      }
      panel.show(scene);
      drawn.set(panel, { scene, atMs: startMs });
    }
  };
  // What was sent together is drawn together: messages come one by one before the next frame.
  const drawInFrame = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(drawSome);
  };
  const draw = throttle(redrawIntervalMs, drawInFrame);
  const describeUnseen = throttle(describeIntervalMs, (_: undefined) => {
    setTimeout(() => {
      if (scene === undefined || document.hidden) return;
      for (const panel of panels) if (drawn.get(panel)?.scene !== scene) panel.describe?.(scene);
    }, redrawIntervalMs);
  });
  const watch = new IntersectionObserver(
    (entries) => {
      // Before there is a session all panels are out of sight.
      if (scene === undefined) return;
      seen ??= new Set();
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) seen.add(target);
        else seen.delete(target);
      }
      drawInFrame();
    },
    { rootMargin: `${aheadPx}px 0px` },
  );
  const watchView = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) inView.add(target);
      else inView.delete(target);
    }
    drawInFrame();
  });
  for (const { element } of panels) {
    watch.observe(element);
    watchView.observe(element);
  }
  document.addEventListener('visibilitychange', () => draw(undefined));
  return {
    show(next) {
      scene = next;
      draw(undefined);
      describeUnseen(undefined);
    },
    redraw() {
      drawn.clear();
      draw(undefined);
    },
  };
}
