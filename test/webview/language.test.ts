import { describe, expect, it } from 'vitest';
import { fill, useTranslations } from '../../src/extension/base/translate';
import { pseudoTranslation } from '../support/pseudoLanguage';
import { eventually, useDashboard } from './preview/openDashboard';
import { comparisonOf, exampleViews, messagesOf, recordedView } from './preview/recorded';
import { sessionBeforeFirstValue, trainedSession } from '../extension/dashboard/exampleSession';

/** The extension's words in messages are in the made-up language, too. */
function recordedInPseudo(): ReturnType<typeof messagesOf> {
  useTranslations(pseudoTranslation());
  try {
    return messagesOf(recordedView({ steps: 4, groups: 4, groupSize: 16 }), {
      accepted: () => new Set([70]),
      comparison: () => comparisonOf(['A']),
      bestView: () => ({ type: 'bestView', candidate: 9, view: exampleViews.bars }),
    });
  } finally {
    useTranslations(fill);
  }
}

const recorded = recordedInPseudo();
const dashboard = useDashboard(recorded);

/** What people read or hear of the page, a piece each; of drawings, what is written into them. */
const readPage = `(() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.parentElement.closest('script, style') === null) found.push(node.textContent);
  }
  for (const element of document.querySelectorAll('*')) {
    for (const name of ['aria-label', 'title', 'alt', 'placeholder', 'label']) {
      if (element.hasAttribute(name)) found.push(element.getAttribute(name));
    }
  }
  return found.filter((text) => text.trim() !== '');
})()`;

/** Where messages have words of problems, evaluators and hosts, which are nobody's to translate. */
const dataKeys = [
  'title',
  'label',
  'hostLabel',
  'note',
  'metricName',
  'unit',
  'description',
  'series',
  'warnings',
  // The runner's own words, from the journal, and names of searches.
  'statusText',
  'search',
];

function dataTexts(value: unknown, isData = false): string[] {
  if (typeof value === 'string') return isData && value !== '' ? [value] : [];
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return [];
  return Object.entries(value).flatMap(([key, part]) =>
    dataTexts(part, dataKeys.includes(key) || (isData && Array.isArray(value))),
  );
}

/** What is left of a text without what is in brackets, data, names of candidates, formats and percentiles, and German numbers. */
function english(text: string, data: readonly string[]): string {
  // The longest first: some are parts of others.
  const longestFirst = [...data].sort((a, b) => b.length - a.length);
  let rest = longestFirst.reduce((left, known) => left.replaceAll(known, ''), text);
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest.replaceAll(/\[[^[\]]*\]/g, '');
  }
  return rest.replaceAll(/\bc\d+\b|\b(CSV|JSON|PNG|SVG|p\d+|x|y)\b|\d[\d.,]*e-?\d+|Mio\.|Mrd\./g, '');
}

describe('the dashboard in another language', () => {
  const data = [...new Set(dataTexts(recorded))];
  const untranslated = (texts: readonly string[], known = data): string[] =>
    [...new Set(texts)].filter((text) => /\p{Letter}{2}/u.test(english(text, known)));

  async function open(): Promise<void> {
    // So high that all of it is seen, and drawn.
    await dashboard.page.setViewportSize({ width: 1200, height: 9000 });
    await dashboard.goto('play&language=de');
    await eventually(() => dashboard.page.getAttribute('#compare-canvas', 'aria-label')).toMatch(/^\[/);
  }

  it('says nothing in English, neither in charts nor in tables, nor to screen readers', async () => {
    await open();
    const charts = await dashboard.page.evaluate<string[]>(readPage);
    expect(charts.length).toBeGreaterThan(300);
    expect(untranslated(charts)).toEqual([]);
    for (const toggle of await dashboard.page.locator('[id$="-table-toggle"]').all()) await toggle.click();
    await eventually(() => dashboard.page.locator('.chart-table:visible').count()).toBeGreaterThan(7);
    expect(untranslated(await dashboard.page.evaluate<string[]>(readPage))).toEqual([]);
  });

  it('says nothing in English about a point that the keyboard has reached', async () => {
    await open();
    for (const chart of await dashboard.page.locator('.explorer').all()) {
      await chart.focus();
      await dashboard.page.keyboard.press('End');
      const words = await chart.locator('.stop-tip div').allTextContents();
      expect(words.length).toBeGreaterThan(0);
      expect(untranslated(words)).toEqual([]);
    }
  });

  it('draws nothing in English', async () => {
    await open();
    const buttons = await dashboard.page.locator('[id$="-svg"]').all();
    expect(buttons.length).toBeGreaterThan(7);
    for (const button of buttons) await button.click();
    const drawn = ((await dashboard.sent()) as { type: string; content?: string }[])
      .filter(({ type }) => type === 'exportChart')
      .flatMap(({ content = '' }) => [...content.matchAll(/<text[^>]*>([^<]*)</g)])
      .map(([, text = '']) => text.replaceAll('&amp;', '&'));
    expect(drawn.length).toBeGreaterThan(50);
    expect(untranslated(drawn)).toEqual([]);
  });

  it('writes numbers as that language does, and tells the browser which it is', async () => {
    await open();
    expect(await dashboard.page.getAttribute('html', 'lang')).toBe('de');
    expect(await dashboard.text('#best-value')).toMatch(/^0,\d+/);
    expect(await dashboard.text('#comparisons tr:first-child .verdict')).toMatch(/\d,\d/);
  });

  it('says nothing in English while there is nothing to show', async () => {
    await dashboard.goto('language=de');
    expect(untranslated(await dashboard.page.evaluate<string[]>(readPage))).toEqual([]);
    useTranslations(pseudoTranslation());
    const messages = messagesOf(sessionBeforeFirstValue());
    useTranslations(fill);
    await dashboard.deliver(...messages);
    await eventually(() => dashboard.page.locator('.panel .empty').allTextContents()).toContainEqual(
      expect.stringMatching(/^\[/),
    );
    expect(untranslated(await dashboard.page.evaluate<string[]>(readPage), dataTexts(messages))).toEqual([]);
  });

  it('says nothing in English of what is learned', async () => {
    useTranslations(pseudoTranslation());
    const messages = messagesOf(trainedSession(6));
    useTranslations(fill);
    const own = [...data, ...dataTexts(messages)];
    await dashboard.page.setViewportSize({ width: 1200, height: 9000 });
    await dashboard.goto('language=de');
    await dashboard.deliver(...messages);
    await eventually(() => dashboard.page.locator('.gauge').count()).toBeGreaterThan(3);
    const texts = await dashboard.page.evaluate<string[]>(readPage);
    expect(untranslated(texts, own)).toEqual([]);
  });
});
