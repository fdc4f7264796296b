import { describe, expect, it } from 'vitest';
import type { ToDashboard } from '../../src/protocol/dashboardMessages';
import { pixels, useDashboard, eventually } from './preview/openDashboard';
import { comparisonOf, exampleViews, messagesOf, recordedView, recordedViewMoved } from './preview/recorded';
import { themes } from './preview/themes';

const view = recordedView({ steps: 6, groups: 4, groupSize: 16 });
const recorded = messagesOf(view, {
  accepted: () => new Set([70]),
  comparison: () => comparisonOf([]),
  bestView: () => ({ type: 'bestView', candidate: 9, view: exampleViews.circles }),
});
const dashboard = useDashboard(recorded);
const blue = themes.dark.variables['--vscode-charts-blue'];
const inked = (chart: string): Promise<number> => dashboard.page.evaluate(pixels(chart));
const label = (chart: string): Promise<string | null> =>
  dashboard.page.getAttribute(`#${chart}-canvas`, 'aria-label');
const open = (): Promise<void> => dashboard.goto('play&theme=dark');
async function see(panel: string): Promise<void> {
  await dashboard.page.locator(`#${panel}-panel`).scrollIntoViewIfNeeded();
}

describe('the charts', () => {
  it('stand in the order in which they are looked at, and each is drawn when it is seen', async () => {
    await open();
    const headings = await dashboard.page.locator('.charts h2').allInnerTexts();
    expect(headings).toEqual([
      ...['Best so far', 'Distribution by step', 'What it found', 'All rollouts', 'Outcome share'],
      ...['Training', 'Time and money', 'Search shape', 'Gain per mutation', 'Compare sessions'],
    ]);
    await eventually(() => inked('best')).toBeGreaterThan(1000);
    expect(await dashboard.page.getAttribute('#gains-canvas', 'style')).toBeNull();
    // Its words are there all the same, for people who do not scroll.
    await eventually(() => label('gains').then(String)).toContain('Bar chart');
    for (const chart of ['rollouts', 'outcomes', 'money', 'lineage', 'gains']) {
      await see(chart);
      await eventually(() => inked(chart)).toBeGreaterThan(1000);
      expect(await label(chart)).toMatch(/^[A-Z].+\d.+\.$/s);
    }
  });

  it('show each candidate also where all values lie close together and far from zero', async () => {
    await dashboard.goto('theme=dark');
    await dashboard.deliver(...messagesOf(recordedViewMoved(1000, { steps: 6, groups: 4, groupSize: 16 })));
    await see('rollouts');
    await eventually(() => dashboard.page.evaluate(pixels('rollouts', blue))).toBeGreaterThan(50);
  });

  it('are all along the axis that is chosen, and keep to it after a reload', async () => {
    await open();
    await dashboard.page.selectOption('#axis', 'cost');
    await eventually(() => dashboard.text('#best-panel .panel-head')).toContain('by cost');
    await see('compare');
    await eventually(() => dashboard.text('#compare-panel .panel-head')).toContain('by cost');
    await dashboard.page.reload();
    // Where it was left, at the comparison.
    await eventually(() => dashboard.text('#compare-panel .panel-head')).toContain('by cost');
  });

  it('say why an axis cannot be chosen', async () => {
    await dashboard.goto();
    await dashboard.deliver(...recorded.map(withoutMoney));
    const options = dashboard.page.locator('#axis option');
    await eventually(() => options.allTextContents()).toEqual([
      'Step',
      'Rollouts',
      'Wall time',
      'Tokens (no language model counts any)',
      'Cost (no prices known)',
    ]);
    expect(await dashboard.page.locator('#axis option:disabled').count()).toBe(2);
  });

  it('give the distribution as ribbons, ridges, violins or a heatmap', async () => {
    await open();
    for (const look of ['ridge', 'violin', 'heatmap', 'ribbons']) {
      await dashboard.page.selectOption('#distribution-look', look);
      await eventually(() => dashboard.text('#distribution-panel .caption')).toMatch(
        look === 'ribbons' ? /beyond|^$/ : /worse values are beyond/,
      );
      await eventually(() => inked('distribution')).toBeGreaterThan(1000);
    }
  });

  it('draw the distance to a reference on a logarithmic axis, where lower is better', async () => {
    await open();
    await dashboard.page.selectOption('#height', { label: 'Distance to TTT-Discover, logarithmic' });
    await eventually(() => dashboard.text('#best-panel .panel-head')).toContain(
      'distance to TTT-Discover by step, lower is better',
    );
  });

  it('are walked through by keys, and Enter opens the diff of the point', async () => {
    await open();
    await eventually(() => inked('best')).toBeGreaterThan(1000);
    await dashboard.page.focus('#best-panel .explorer');
    await dashboard.page.keyboard.press('End');
    const tip = await dashboard.page.locator('#best-panel .stop-tip').innerText();
    expect(tip).toMatch(/^Step 6: best 0\.\d+\nc\d+/);
    await eventually(() => dashboard.text('#best-panel [aria-live]')).toContain('Enter opens the diff.');
    await dashboard.page.keyboard.press('Enter');
    const candidate = Number(/c(\d+)/.exec(tip)?.[1]);
    expect((await dashboard.sent()).at(-1)).toEqual({ type: 'openDiff', candidate });
  });

  it('open the diff of the point that is clicked', async () => {
    await open();
    await eventually(() => inked('best')).toBeGreaterThan(1000);
    await dashboard.page.focus('#best-panel .explorer');
    await dashboard.page.keyboard.press('Home');
    const ring = await dashboard.page.locator('#best-panel .stop-ring').boundingBox();
    await dashboard.page.mouse.click(ring!.x + 7, ring!.y + 7);
    expect((await dashboard.sent()).at(-1)).toMatchObject({ type: 'openDiff' });
  });

  it('have tables that say what they leave out', async () => {
    await open();
    await see('rollouts');
    await dashboard.page.click('#rollouts-table-toggle');
    expect(await dashboard.page.locator('#rollouts-panel tbody tr').count()).toBe(200);
    expect(await dashboard.text('#rollouts-panel .chart-table > p')).toMatch(/newest 200 of 388 candidates/);
    expect(await dashboard.page.locator('#rollouts-panel tbody').innerText()).toMatch(
      /crashed|out of time|wrong/,
    );
  });

  it('go to the extension as PNG and as SVG, with their title', async () => {
    await open();
    await eventually(() => inked('best')).toBeGreaterThan(1000);
    await dashboard.page.click('#best-png');
    await dashboard.page.click('#best-svg');
    const [png, svg] = (await dashboard.sent()).slice(-2) as {
      format: string;
      chart: string;
      content: string;
    }[];
    expect(png).toMatchObject({ format: 'png', chart: 'best' });
    expect(Buffer.from(png!.content, 'base64').subarray(1, 4).toString()).toBe('PNG');
    expect(svg!.content).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg!.content).toContain('Erdős minimum overlap: Best so far');
    expect(svg!.content.match(/<path/g)!.length).toBeGreaterThan(10);
  });

  it('ask for the session’s data by three buttons', async () => {
    await open();
    for (const format of ['csv', 'json', 'html']) await dashboard.page.click(`#export-${format}`);
    expect((await dashboard.sent()).slice(-3)).toEqual(
      ['csv', 'json', 'html'].map((format) => ({ type: 'export', format })),
    );
  });

  it('lay over other sessions that are chosen, and ask for them again after a reload', async () => {
    await open();
    await see('compare');
    await dashboard.page.check('#compare-A');
    expect((await dashboard.sent()).at(-1)).toEqual({ type: 'compare', sessionIds: ['A'] });
    await dashboard.deliver(comparisonOf(['A']));
    await eventually(() => label('compare')).toMatch(/of 2 sessions: this one .*; Best of n/);
    await dashboard.page.reload();
    expect((await dashboard.sent()).at(1)).toEqual({ type: 'compare', sessionIds: ['A'] });
  });

  it.each(Object.values(exampleViews))('draw what was found: $kind', async (found) => {
    await open();
    await dashboard.deliver({ type: 'bestView', candidate: 12, view: found } satisfies ToDashboard);
    await see('found');
    const picture = dashboard.page.locator('#construction svg');
    await eventually(() => picture.getAttribute('aria-label')).toContain(found.title);
    expect(await picture.locator('path').count()).toBeGreaterThan(1);
    await dashboard.page.click('#found-table-toggle');
    expect(await dashboard.page.locator('#found-panel tbody tr').count()).toBeGreaterThan(5);
  });

  it('leave out a picture that breaks its bounds', async () => {
    await open();
    await dashboard.deliver({ type: 'bestView', candidate: 12, view: { kind: 'circles', circles: 'many' } });
    await eventually(() => dashboard.page.isVisible('#found-panel')).toBe(false);
  });

  it('say why a picture cannot be shown, until there is one that can', async () => {
    await open();
    const note = 'It could not be fetched: the host is not connected.';
    await dashboard.deliver({ type: 'bestView', candidate: 12, view: null, note } satisfies ToDashboard);
    await see('found');
    await eventually(() => dashboard.page.locator('#found-panel .empty').innerText()).toBe(note);
    await dashboard.deliver({
      type: 'bestView',
      candidate: 12,
      view: exampleViews.circles,
    } satisfies ToDashboard);
    await eventually(() => dashboard.page.isVisible('#found-panel .empty')).toBe(false);
    expect(await dashboard.page.isVisible('#construction svg')).toBe(true);
  });

  it('do not keep the list of candidates far away', async () => {
    await open();
    await dashboard.page.click('#to-candidates');
    await eventually(() =>
      dashboard.page.evaluate(
        () => document.activeElement?.id === 'candidates-title' && window.scrollY > 500,
      ),
    ).toBe(true);
  });

  it('answer the three questions before anything else', async () => {
    await open();
    const answers = await dashboard.page.locator('#glance > div').allInnerTexts();
    expect(answers).toEqual([
      expect.stringMatching(/^Still improving\?\n(Yes|It was|Not)/),
      expect.stringMatching(/^Worth its money\?\n\$\d/),
      expect.stringMatching(/^What did it find\?\n.+\nBetter by .* than the initial program/s),
    ]);
  });
});

function withoutMoney(message: ToDashboard): ToDashboard {
  if (message.type !== 'columns') return message;
  const { columns } = message;
  return {
    ...message,
    columns: {
      ...columns,
      tokensUpTo: new Float64Array(columns.ids.length),
      usdUpTo: new Float64Array(columns.ids.length).fill(Number.NaN),
    },
  };
}
