import type { Frame } from 'playwright-core';
import type { EditorWindow } from './editorWindow';

/** The dashboard, in the words of the person who reads it. */
export interface DashboardPage {
  /** Steps that the chart says it shows. */
  steps(): Promise<number>;
  /** The best value so far, as it is shown; not a number before there is one. */
  bestValue(): Promise<number>;
  /** What the badge says: `Running`, `Paused` … */
  status(): Promise<string>;
  /** The words about the link; empty while it is up. */
  connection(): Promise<string>;
  /** A fact of the header by its term, such as `tokens`; empty if it is not there. */
  figure(term: string): Promise<string>;
  /** Share of a chart's pixels that something is drawn on. */
  inkedShare(chart: 'best' | 'distribution'): Promise<number>;
  press(button: 'open-best' | 'accept-best' | 'pause' | 'resume' | 'stop'): Promise<void>;
}

/** The dashboard of a window, once it shows a session. */
export async function dashboardOf(window: EditorWindow): Promise<DashboardPage> {
  const frame = await window.webviewFrame('#best-canvas');
  await frame.locator('#best-canvas').waitFor();
  return {
    steps: () => stepsOf(frame),
    bestValue: async () => Number.parseFloat(await frame.locator('#best-value').innerText()),
    status: () => frame.locator('#status').innerText(),
    connection: async () => (await frame.locator('#connection').textContent()) ?? '',
    figure: async (term) => {
      const fact = frame.locator('.counts > div').filter({ has: frame.locator(`dt:text-is("${term}")`) });
      return (await fact.count()) === 0
        ? ''
        : fact.locator('dd span, dd:not(:has(span))').first().innerText();
    },
    inkedShare: async (chart) => {
      // A chart is drawn, and gets its size, when it is seen.
      await frame.locator(`#${chart}-panel`).scrollIntoViewIfNeeded();
      await frame.locator(`#${chart}-canvas[style*="width"]`).waitFor();
      return inkedShareOf(frame, `#${chart}-canvas`);
    },
    press: (button) => frame.locator(`#${button}:not([disabled])`).click(),
  };
}

async function stepsOf(frame: Frame): Promise<number> {
  const label = await frame.locator('#best-canvas').getAttribute('aria-label');
  return Number(/ (\d+) steps/.exec(label ?? '')?.[1] ?? 0);
}

function inkedShareOf(frame: Frame, selector: string): Promise<number> {
  return frame.locator(selector).evaluate((element) => {
    const context = element instanceof HTMLCanvasElement ? element.getContext('2d') : null;
    if (context === null) throw new Error('not a canvas');
    const { data } = context.getImageData(0, 0, context.canvas.width, context.canvas.height);
    let inked = 0;
    for (let alpha = 3; alpha < data.length; alpha += 4) if (data[alpha] !== 0) inked += 1;
    return inked / (data.length / 4);
  });
}
