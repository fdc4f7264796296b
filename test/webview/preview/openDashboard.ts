import { mkdir } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { launchChromium } from './launchChromium';
import { startPreview, type Preview } from './previewServer';
import { toWire, type Recorded } from './wire';

/** The page in a browser, fresh for each test. */
export interface DashboardInBrowser {
  readonly page: Page;
  readonly scriptBytes: number;
  goto(query?: string): Promise<void>;
  deliver(...messages: unknown[]): Promise<void>;
  /** Nothing was thrown, written to the console as an error, or asked for against the policy. */
  expectQuiet(): Promise<void>;
  /** What a tool of a test did is not the page's fault. */
  forgetReports(): Promise<void>;
  /** What the page has sent. */
  sent(): Promise<unknown[]>;
  text(selector: string): Promise<string | null>;
}

/**
 * Opens a fresh page for each test of a file; afterwards it must have thrown nothing, written no error to the console and asked for nothing
 * that the policy forbids. `recorded` is what `?play` shows.
 */
export function useDashboard(recorded: Recorded): DashboardInBrowser {
  let browser: Browser;
  let preview: Preview;
  let page: Page;
  let errors: string[];

  const expectQuiet = async (): Promise<void> => {
    expect(errors).toEqual([]);
    expect(await page.evaluate('harness.violations')).toEqual([]);
  };
  beforeAll(async () => {
    await mkdir('test-results', { recursive: true });
    preview = await startPreview(recorded);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
    await preview.close();
  });
  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
    errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
  });
  afterEach(async () => {
    await expectQuiet();
    await page.close();
  });
  return {
    get page() {
      return page;
    },
    get scriptBytes() {
      return preview.scriptBytes;
    },
    async goto(query = '') {
      await page.goto(`${preview.url}?${query}`);
    },
    async deliver(...messages) {
      await page.evaluate(`harness.fromWire(${JSON.stringify(toWire(messages))}).forEach(harness.deliver)`);
    },
    expectQuiet,
    async forgetReports() {
      // A report may still be on its way to this process.
      await page.evaluate('new Promise((resolve) => setTimeout(resolve))');
      errors = [];
      await page.evaluate('harness.violations.length = 0');
    },
    sent: () => page.evaluate<unknown[]>('harness.sent'),
    text: (selector) => page.locator(selector).textContent(),
  };
}

/** Waits for what a page shows in a later frame, also on a machine that has much else to do. */
export function eventually<Result>(read: () => Promise<Result>): ReturnType<typeof expect.poll<Result>> {
  return expect.poll(read, { timeout: 30_000 });
}

/** Pixels of a chart with exactly that colour, `#rrggbb`; any that is not transparent without one. */
export function pixels(chart: string, colour?: string): string {
  return `(() => {
    const canvas = document.querySelector('#${chart}-canvas');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    const wanted = ${JSON.stringify(colour?.match(/[0-9a-f]{2}/g)?.map((pair) => Number.parseInt(pair, 16)) ?? null)};
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] > 0 && (wanted === null || wanted.every((part, index) => data[at + index] === part))) count++;
    }
    return count;
  })()`;
}
