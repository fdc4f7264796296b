import { describe, expect, it } from 'vitest';
import { projectDashboard } from '../../src/extension/dashboard/projection';
import type { SessionView } from '../../src/extension/sessions/sessions';
import type { ToDashboard } from '../../src/protocol/dashboardMessages';
import {
  exampleSession,
  sessionBeforeFirstValue,
  trainedSession,
  withSnapshot,
} from '../extension/dashboard/exampleSession';
import { pixels, useDashboard, eventually } from './preview/openDashboard';
import { themeNames } from './preview/previewServer';
import { messagesOf } from './preview/recorded';
import { themes } from './preview/themes';

const dashboard = useDashboard(messagesOf(exampleSession(50)));
const deliver = (...messages: unknown[]): Promise<void> => dashboard.deliver(...messages);
const sent = (): Promise<unknown[]> => dashboard.sent();
const text = (selector: string): Promise<string | null> => dashboard.text(selector);

function messageOf(view: SessionView, revision = 1): ToDashboard & { readonly type: 'snapshot' } {
  const { header, steps, candidates } = projectDashboard(view, 1_760_000_100_000);
  return { type: 'snapshot', revision, header, steps: [...steps], candidates: [...candidates] };
}

async function open(view: SessionView, query = 'theme=dark'): Promise<void> {
  await dashboard.goto(query);
  await deliver(messageOf(view));
}

describe('the dashboard page', () => {
  it('says that it is ready, and keeps its session from then on', async () => {
    await dashboard.goto();
    expect(await sent()).toEqual([{ type: 'ready' }]);
    expect(await dashboard.page.evaluate('sessionStorage.getItem("state")')).toContain(
      '01JQZ8M3V6T5R4W2Y1X0K9H8G7',
    );
    expect(await text('#notice')).toBe('Waiting for the session…');
  });

  it('shows the state, the best value and how it compares, from a snapshot alone', async () => {
    await open(exampleSession(50));
    expect(await text('h1')).toBe('Erdős minimum overlap');
    expect(await text('#status')).toBe('Running');
    expect(await text('#status-text')).toBe('Step 50 of 50');
    expect(await text('#host')).toBe('on gpu-01 · TTT-Discover, tunables');
    expect(await text('#best-value')).toBe('0.38099752');
    expect(await text('#best-caption')).toContain('lower is better');
    expect(await dashboard.page.locator('#comparisons tr').allInnerTexts()).toEqual([
      expect.stringMatching(/Initial program.*better by 0\.0307/s),
      expect.stringMatching(/Haugland 2016.*worse by/s),
      expect.stringMatching(/AlphaEvolve.*worse by/s),
      expect.stringMatching(/TTT-Discover.*worse by/s),
    ]);
    expect(await text('#candidates tr:first-child')).toContain('c1200');
  });

  it('draws both charts and describes them in words', async () => {
    await open(exampleSession(50));
    for (const id of ['best', 'distribution'] as const) {
      await eventually(() => dashboard.page.evaluate(pixels(id))).toBeGreaterThan(1000);
      expect(await dashboard.page.getAttribute(`#${id}-canvas`, 'role')).toBe('img');
    }
    expect(await dashboard.page.getAttribute('#best-canvas', 'aria-label')).toMatch(
      /Best c5 so far 0\.38099752 by candidate 1182; better by 0\.0307 \(7\.46%\) than Initial program; worse by/,
    );
    expect(await dashboard.page.getAttribute('#distribution-canvas', 'aria-label')).toMatch(
      /In step 50 the median c5 is/,
    );
  });

  it('shows an empty state until the first value is there', async () => {
    await open(sessionBeforeFirstValue());
    expect(await text('#best-value')).toBe('—');
    expect(await dashboard.page.locator('.panel-body .empty').first().isVisible()).toBe(true);
    expect(await text('#candidates tr td.value')).toBe('running');
    await deliver({ ...messageOf(sessionBeforeFirstValue(), 2), candidates: [] });
    await eventually(() => dashboard.page.isVisible('#no-candidates')).toBe(true);
    expect(await text('#no-candidates')).toBe('The initial program is being evaluated…');
  });

  it('sends what the buttons ask for', async () => {
    await open(exampleSession(3));
    await dashboard.page.click('#open-best');
    await dashboard.page.click('#accept-best');
    await dashboard.page.click('#pause');
    await dashboard.page.click('#stop');
    await dashboard.page.click('[aria-label="Open diff of candidate 5"]');
    await dashboard.page.click('[aria-label="Accept candidate 6"]');
    await dashboard.page.click('[aria-label="Verify candidate 6"]');
    await deliver(messageOf(withSnapshot(exampleSession(3), { status: 'paused' }), 2));
    await dashboard.page.click('#resume');
    expect((await sent()).slice(1)).toEqual([
      { type: 'openBestDiff' },
      { type: 'accept', candidate: exampleSession(3).snapshot.best },
      { type: 'pause' },
      { type: 'stop' },
      { type: 'openDiff', candidate: 5 },
      { type: 'accept', candidate: 6 },
      { type: 'verify', candidate: 6 },
      { type: 'resume' },
    ]);
  });

  it('asks for nothing that makes no sense now', async () => {
    const lost = exampleSession(3, {
      connection: { state: 'lost', sinceMs: 1_760_000_088_000, reason: 'reset' },
    });
    await open(lost);
    expect(await text('#connection')).toBe('Connection lost 12 s ago: reset');
    for (const id of ['pause', 'stop']) await dashboard.page.locator(`#${id}`).dispatchEvent('click');
    expect(
      await dashboard.page.locator('#candidates tr.failed [aria-label^="Accept"]').first().isDisabled(),
    ).toBe(true);
    expect(await sent()).toEqual([{ type: 'ready' }]);
  });

  it('follows patches, keeps the focus, and says a new best aloud', async () => {
    await open(exampleSession(3));
    await dashboard.page.focus('[aria-label="Open diff of candidate 60"]');
    const next = messageOf(exampleSession(4), 2);
    await deliver({ ...next, type: 'patch', steps: next.steps.slice(3) });
    expect(await text('#best-value')).toBe(String(Number(next.header.best!.value.toPrecision(8))));
    await eventually(() => text('#candidates tr:first-child')).toContain('c96');
    expect(await dashboard.page.evaluate('document.activeElement.ariaLabel')).toBe(
      'Open diff of candidate 60',
    );
    expect(await text('#announcement')).toMatch(/^New best c5: 0\.\d+, candidate \d+$/);
    expect(await sent()).toHaveLength(1);
  });

  it('asks for a snapshot once when a patch is missing, and goes on with it', async () => {
    await open(exampleSession(3));
    const patch = { ...messageOf(exampleSession(4)), type: 'patch' };
    await deliver({ ...patch, revision: 3 });
    await deliver({ ...patch, revision: 4 });
    expect(await sent()).toEqual([{ type: 'ready' }, { type: 'ready' }]);
    expect(await text('#status-text')).toBe('Step 3 of 50');
    await deliver(messageOf(exampleSession(5), 5));
    expect(await text('#status-text')).toBe('Step 5 of 50');
  });

  it('says what is wrong when it cannot read a message, or there is no session', async () => {
    await dashboard.goto();
    await deliver({ type: 'absent', message: 'Not in the list of sessions.' });
    expect(await text('#notice')).toBe('Not in the list of sessions.');
    await deliver({ type: 'snapshot', revision: 'x' });
    expect(await text('#notice')).toContain('do not understand each other');
  });

  it('shows the text of candidates as text, never as markup', async () => {
    const view = exampleSession(1);
    const message = messageOf(view);
    const note = '<img src=x onerror="harness.violations.push(1)"><b>bold</b>';
    await dashboard.goto();
    await deliver({ ...message, candidates: [{ ...message.candidates[0]!, note }] });
    expect(await text('#candidates td.note')).toBe(note);
  });

  it('takes the colours of a new theme at once', async () => {
    await open(exampleSession(50));
    const blue = (name: keyof typeof themes): string => themes[name].variables['--vscode-charts-blue'];
    await eventually(() => dashboard.page.evaluate(pixels('best', blue('dark')))).toBeGreaterThan(50);
    await dashboard.page.evaluate('harness.setTheme("light")');
    await eventually(() => dashboard.page.evaluate(pixels('best', blue('light')))).toBeGreaterThan(50);
    expect(await dashboard.page.evaluate(pixels('best', blue('dark')))).toBe(0);
  });

  it('gives both charts as tables, and remembers that and the order after a reload', async () => {
    await open(exampleSession(5));
    await dashboard.page.click('#distribution-table-toggle');
    await dashboard.page.click('#order-best');
    expect(
      await dashboard.page.locator('section:has(#distribution-canvas) thead th').allInnerTexts(),
    ).toEqual([...['Step', 'p5', 'p25', 'Median', 'p75', 'p95', 'Valid', 'Evaluated']]);
    expect(await dashboard.page.locator('section:has(#distribution-canvas) tbody tr').count()).toBe(5);
    await dashboard.page.reload();
    await deliver(messageOf(exampleSession(5)));
    expect(await dashboard.page.isVisible('#distribution-canvas')).toBe(false);
    expect(await dashboard.page.isVisible('#best-canvas')).toBe(true);
    expect(await dashboard.page.getAttribute('#order-best', 'aria-pressed')).toBe('true');
    expect(await text('#candidates tr:first-child')).toContain(`c${exampleSession(5).snapshot.best}`);
  });

  it('is worked by the keyboard: one Tab stop for the candidates, arrows between them, Enter for the diff', async () => {
    await open(exampleSession(1));
    await dashboard.page.locator('#candidates tr').first().waitFor();
    await dashboard.page.focus('#order-best');
    await dashboard.page.keyboard.press('Tab');
    await dashboard.page.keyboard.press('ArrowDown');
    await dashboard.page.keyboard.press('ArrowDown');
    await dashboard.page.keyboard.press('Enter');
    await dashboard.page.keyboard.press('Tab');
    await dashboard.page.keyboard.press('Tab');
    expect(await dashboard.page.evaluate('document.activeElement.ariaLabel')).toBe('Accept candidate 22');
    expect((await sent()).at(-1)).toEqual({ type: 'openDiff', candidate: 22 });
  });

  it.each([400, 700, 1000, 1600])('has no sideways scrolling at %d pixels', async (width) => {
    await dashboard.page.setViewportSize({ width, height: 900 });
    await open(exampleSession(50));
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await dashboard.page.evaluate(overflow)).toBe(0);
  });

  it.each(themeNames)('looks right in the theme %s', async (theme) => {
    await dashboard.goto(`play&theme=${theme}`);
    await eventually(() => dashboard.page.evaluate(pixels('distribution'))).toBeGreaterThan(1000);
    await dashboard.page.screenshot({ path: `test-results/dashboard-${theme}.png` });
    const background = await dashboard.page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(background).toBe(
      theme.includes('light') ? 'rgb(255, 255, 255)' : theme === 'dark' ? 'rgb(31, 31, 31)' : 'rgb(0, 0, 0)',
    );
  });

  it('shows tokens, cost and gauges of a model that trains, for eyes and for screen readers', async () => {
    await open(exampleSession(3));
    expect(await dashboard.page.isVisible('#training')).toBe(false);
    await deliver(messageOf(trainedSession(12), 2));
    const facts = async (): Promise<string[]> =>
      (await dashboard.page.locator('.counts > div').allInnerTexts()).map((fact) =>
        fact.split('\n').slice(0, 2).join(' '),
      );
    await eventually(facts).toEqual(
      expect.arrayContaining([
        'tokens 6.96M',
        'tokens/s 8.12K',
        'cost $7.37 of $20.00',
        'at the end about $20.00',
      ]),
    );
    const cost = dashboard.page.locator('.counts > div').filter({ hasText: 'by the prices' });
    expect(await cost.getByText('the session ends at $20.00').getAttribute('class')).toBe('visually-hidden');
    expect(await cost.getAttribute('title')).toContain('the session ends at $20.00');
    const gauges = (): Promise<(string | undefined)[]> =>
      dashboard.page.locator('.gauge').evaluateAll((cells) => cells.map((cell) => cell.dataset['gauge']));
    await eventually(async () => (await gauges()).slice(0, 5)).toEqual([
      'samplerTrainerGap',
      'klBase',
      'entropy',
      'gradientNorm',
      'beta',
    ]);
    expect((await gauges()).at(-1)).toBe('answersCut');
    expect(await text('[data-gauge=validShare] .gauge-value')).toBe('87.5%');
    expect(await dashboard.page.getAttribute('[data-gauge=samplerTrainerGap]', 'title')).toContain(
      'do not run the same model',
    );
    expect(await dashboard.page.getAttribute('[data-gauge=beta] path', 'd')).toMatch(
      /^M1\.5 14\.5L.*70\.5 1\.5$/,
    );
    await dashboard.page.screenshot({ path: 'test-results/dashboard-training.png', fullPage: true });
  });

  it('names the newest warning at once, with cause and remedy, and lists the others', async () => {
    await open(trainedSession(2));
    expect(await text('#warnings summary')).toMatch(
      /Warning: Sampler and trainer differ.*Check that.*\(and 1 more\)/,
    );
    await dashboard.page.click('#warnings summary');
    expect(await dashboard.page.locator('#warnings li').count()).toBe(2);
  });

  it('is one script of less than 400 kB', async () => {
    await dashboard.goto();
    expect(await dashboard.page.locator('script[src="/dashboard.js"]').count()).toBe(1);
    expect(dashboard.scriptBytes).toBeLessThan(400_000);
  });
});
