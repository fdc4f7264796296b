import { describe, expect, it } from 'vitest';
import type { EvaluationRow } from '../../src/protocol/dashboardMessages';
import { evaluationFigures, evaluationParts } from '../../webview/words/evaluationFigures';
import { eventually, useDashboard } from './preview/openDashboard';
import { messagesOf, recordedView } from './preview/recorded';

const use: EvaluationRow = {
  ...{ runs: 40, totalMs: 1_000_000, waitedMs: 200_000, queuedMs: 50_000, aroundMs: 30_000, runMs: 720_000 },
  stages: [
    { name: 'static_checks', ms: 0.5 },
    { name: 'timing', ms: 360_000 },
  ],
  ...{ gpus: 2, gpusHeld: 0.5, reused: 1, reusedMs: 30_000, stopped: 8, savedMs: 180_000 },
  ...{ warm: { count: 36, of: 40 } },
};
const nothing: EvaluationRow = {
  ...{ runs: 3, totalMs: 3000, waitedMs: 0, queuedMs: 0, aroundMs: 0, runMs: 3000 },
  ...{ stages: [], reused: 0, reusedMs: 0, stopped: 0 },
};

describe('what evaluations took', () => {
  it('is said in a few figures, and only where there is something to say', () => {
    expect(evaluationFigures(use).map(({ term, text }) => [term, text])).toEqual([
      ['waiting', '25%'],
      ['GPUs held', '50%'],
      ['not run again', '30 s'],
      ['stopped early', 'about 3 min saved'],
    ]);
    expect(evaluationFigures(use).map(({ detail }) => detail)).toEqual([
      expect.stringContaining('waited for an evaluator, a queue or a device') as string,
      expect.stringContaining('on average') as string,
      '1 candidate whose evaluation was known already; that run had taken 30 s',
      '8 evaluations that were clearly worse; estimated by what whole ones take on average',
    ]);
    expect(evaluationFigures(nothing)).toEqual([]);
    expect(evaluationFigures(undefined)).toEqual([]);
  });

  it('is how many ran on a GPU at once where several may share one', () => {
    expect(evaluationFigures({ ...nothing, gpus: 1, evaluationsPerGpu: 2.34 })).toEqual([
      { term: 'on a GPU', text: '2.3', detail: expect.stringContaining('several may share one') as string },
    ]);
  });

  it('does not estimate a saving that nothing tells of', () => {
    expect(evaluationFigures({ ...nothing, stopped: 8 })).toMatchObject([
      { term: 'stopped early', text: '8' },
    ]);
  });

  it('is a table of its parts, with their shares', () => {
    expect(evaluationParts(use)).toEqual([
      ['Waiting for a free evaluator', '3 min', '20%'],
      ['Waiting in a queue or for a device', '50 s', '5%'],
      ['Running', '12 min', '72%'],
      ['Running: timing', '6 min', '36%'],
      ['Around it: folders and verdicts', '30 s', '3%'],
      ['Started warm', '36 of 40', '90%'],
    ]);
  });
});

describe('the place of time and money', () => {
  const recorded = messagesOf(recordedView({ steps: 3, groups: 2, groupSize: 8 })).map((message) =>
    message.type === 'snapshot' ? { ...message, header: { ...message.header, evaluations: use } } : message,
  );
  const dashboard = useDashboard(recorded);

  it('has what evaluations took as a table that can be read aloud', async () => {
    await dashboard.goto('play&theme=dark');
    await dashboard.page.locator('#money-panel').scrollIntoViewIfNeeded();
    await eventually(() => dashboard.text('#spending')).toContain('stopped early');
    const table = dashboard.page.getByRole('table', { name: 'Where the time of evaluations went' });
    expect(await table.isVisible()).toBe(false);
    await dashboard.page.getByText('Where the time of evaluations went').click();
    expect(await table.getByRole('row').allInnerTexts()).toEqual([
      expect.stringMatching(/^Part\s+Time\s+Share$/) as string,
      expect.stringMatching(/^Waiting for a free evaluator\s+3 min\s+20%$/) as string,
      ...Array.from({ length: 5 }, () => expect.stringMatching(/%$/) as string),
    ]);
    expect(await table.getByRole('rowheader', { name: 'Running: timing' }).count()).toBe(1);
    await dashboard.page.locator('#money-panel').screenshot({ path: 'test-results/evaluation-time.png' });
  });
});
