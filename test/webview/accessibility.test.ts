import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { useDashboard, eventually } from './preview/openDashboard';
import { themeNames } from './preview/previewServer';
import { comparisonOf, exampleViews, messagesOf, recordedView } from './preview/recorded';

const recorded = messagesOf(recordedView({ steps: 4, groups: 4, groupSize: 16 }), {
  accepted: () => new Set([70]),
  comparison: () => comparisonOf(['A']),
  bestView: () => ({ type: 'bestView', candidate: 9, view: exampleViews.bars }),
});
const dashboard = useDashboard(recorded);
let axe: string;
beforeAll(async () => {
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
});

interface AxeResult {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

async function violations(): Promise<string[]> {
  await dashboard.expectQuiet();
  await dashboard.page.evaluate(axe);
  const found = await dashboard.page.evaluate<AxeResult[]>('axe.run().then((result) => result.violations)');
  // Axe sets styles in ways that the page's policy forbids.
  await dashboard.forgetReports();
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}

/** A page so high that all of it is seen, and drawn. */
async function openAll(theme: string): Promise<void> {
  await dashboard.page.setViewportSize({ width: 1200, height: 9000 });
  await dashboard.goto(`play&theme=${theme}`);
  await eventually(() => dashboard.page.getAttribute('#compare-canvas', 'aria-label')).toContain('sessions');
}

describe('the dashboard for everyone', () => {
  it.each(themeNames)('has nothing that axe finds in the theme %s', async (theme) => {
    await openAll(theme);
    expect(await violations()).toEqual([]);
  });

  it('has nothing that axe finds when all charts are shown as tables', async () => {
    await openAll('dark');
    for (const toggle of await dashboard.page.locator('[id$="-table-toggle"]').all()) await toggle.click();
    expect(await dashboard.page.locator('.chart-table:visible').count()).toBeGreaterThan(7);
    expect(await violations()).toEqual([]);
  });

  it('uses no translucent colour and no shade in high contrast', async () => {
    await openAll('hc-dark');
    await dashboard.page.click('#outcomes-svg');
    const [svg] = (await dashboard.sent()).slice(-1) as { content: string }[];
    expect(svg!.content).not.toMatch(/<path[^>]*(fill="rgba|opacity="0)/);
  });

  it('moves nothing by itself', async () => {
    await openAll('dark');
    const moving = await dashboard.page.evaluate<number>('document.getAnimations().length');
    expect(moving).toBe(0);
  });
});
