import { describe, expect, it } from 'vitest';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import type { SessionSnapshot } from '../../../src/domain/session/snapshot';
import { noExtras, SessionFeed } from '../../../src/extension/dashboard/feed';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { outcomeGroups, type CandidateColumns } from '../../../src/protocol/dashboardData';
import { candidateRowLimit, toDashboard, type ToDashboard } from '../../../src/protocol/dashboardMessages';
import { recordedSession } from '../../support/recordedSession';
import { exampleSession, withSnapshot } from './exampleSession';

const { entries } = recordedSession({ steps: 6, groups: 4, groupSize: 16 });
const nowMs = 0;

function viewAfter(count: number, before: SessionSnapshot = emptySnapshot): SessionView {
  return withSnapshot(exampleSession(0), reduce(before, entries.slice(before.lastSeq, count)));
}

type Of<Type extends ToDashboard['type']> = Extract<ToDashboard, { type: Type }>;
function only<Type extends ToDashboard['type']>(
  messages: readonly ToDashboard[],
  type: Type,
): Of<Type> | undefined {
  return messages.find((message): message is Of<Type> => message.type === type);
}

/** What a page makes of columns: a row an id. */
class Page {
  readonly rows = new Map<number, Record<string, number>>();
  readonly histograms = new Map<number, { low: number; high: number; counts: number[] }>();
  take(messages: readonly ToDashboard[]): void {
    for (const message of messages) {
      expect(toDashboard.safeParse(message).success).toBe(true);
      if (message.type === 'columns') this.takeColumns(message);
      if (message.type !== 'histograms') continue;
      if (message.isWhole) this.histograms.clear();
      const { low, high, binCount, steps, counts } = message.histograms;
      steps.forEach((step, row) =>
        this.histograms.set(step, {
          low,
          high,
          counts: [...counts.subarray(row * binCount, (row + 1) * binCount)],
        }),
      );
    }
  }
  private takeColumns({ isWhole, columns }: Of<'columns'>): void {
    if (isWhole) this.rows.clear();
    const names = Object.keys(columns) as (keyof CandidateColumns)[];
    columns.ids.forEach((id, row) => {
      this.rows.set(id, Object.fromEntries(names.map((name) => [name, columns[name]?.[row] ?? Number.NaN])));
    });
  }
}

describe('what a page is sent', () => {
  it('is everything at first: header, rows, columns and histograms', () => {
    const view = viewAfter(entries.length);
    const messages = new SessionFeed().whole(view, nowMs);
    expect(messages.map(({ type }) => type)).toEqual(['snapshot', 'columns', 'histograms']);
    const columns = only(messages, 'columns')?.columns;
    expect(columns?.ids).toHaveLength(view.snapshot.candidates.length);
    for (const record of view.snapshot.candidates) {
      const { outcome } = record;
      expect(columns?.steps[record.id]).toBe(record.step);
      expect(columns?.parents[record.id]).toBe(record.parent ?? -1);
      expect(columns?.values[record.id]).toBe(outcome?.kind === 'valid' ? outcome.value : Number.NaN);
      expect(columns?.endedAtMs[record.id]).toBe((record.endedAtMs ?? 0) - (view.snapshot.createdAtMs ?? 0));
      const group = outcomeGroups[columns?.outcomes[record.id] ?? -1];
      if (outcome?.kind === 'failed' && outcome.reason === 'timeout') expect(group).toBe('timeout');
      if (outcome?.kind === 'valid') expect(group).toBe('valid');
    }
  });

  it('gives a page, change by change, what it would have been given at once', () => {
    const page = new Page();
    const feed = new SessionFeed();
    let view = viewAfter(1);
    page.take(feed.whole(view, nowMs));
    for (let count = 8; count < entries.length + 7; count += 7) {
      view = viewAfter(count, view.snapshot);
      page.take(feed.news(view, nowMs));
    }
    const fresh = new Page();
    fresh.take(new SessionFeed().whole(view, nowMs));
    expect([...page.rows].sort(([a], [b]) => a - b)).toEqual([...fresh.rows]);
    for (const [step, { counts }] of fresh.histograms) {
      const sum = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0);
      expect(sum(page.histograms.get(step)?.counts ?? [])).toBe(sum(counts));
    }
    const ranges = new Set(Array.from(page.histograms.values(), ({ low, high }) => `${low} ${high}`));
    expect(ranges.size).toBe(1);
  });

  it('is, after a change, only the rows that changed', () => {
    const feed = new SessionFeed();
    // Not long before the session's end: candidates of the last step are under way.
    const before = viewAfter(entries.length - 12);
    feed.whole(before, nowMs);
    const after = viewAfter(entries.length - 11, before.snapshot);
    const columns = only(feed.news(after, nowMs), 'columns');
    expect(columns?.isWhole).toBe(false);
    const changed = [...after.snapshot.candidates].filter(
      (record) => before.snapshot.candidates.at(record.id) !== record,
    );
    expect([...(columns?.columns.ids ?? [])]).toEqual(changed.map(({ id }) => id));
    expect(feed.news(after, nowMs)).toEqual([]);
  });

  it('leaves the list of candidates out where it is as it was', () => {
    const view = exampleSession(20);
    const feed = new SessionFeed();
    expect(only(feed.whole(view, nowMs), 'snapshot')?.candidates).toHaveLength(candidateRowLimit);
    const [patch] = feed.news(withSnapshot(view, { status: 'paused' }), nowMs);
    expect(patch).toMatchObject({ type: 'patch', revision: 2, steps: [] });
    expect(patch).not.toHaveProperty('candidates');
  });

  it('is only the steps that changed, also when their gauges came', () => {
    const view = exampleSession(6);
    const { steps } = view.snapshot;
    const feed = new SessionFeed();
    feed.whole(withSnapshot(view, { steps: steps.slice(0, 5) }), nowMs);
    const changed = steps.map((step) => (step.step === 4 ? { ...step, gauges: { beta: 2 } } : step));
    const messages = feed.news(withSnapshot(view, { steps: changed }), nowMs);
    expect(only(messages, 'patch')?.steps.map(({ step }) => step)).toEqual([4, 5]);
  });

  it('is everything again when the journal was read anew', () => {
    const feed = new SessionFeed();
    feed.whole(viewAfter(entries.length), nowMs);
    const messages = feed.news(viewAfter(40), nowMs);
    expect(messages[0]).toMatchObject({ type: 'snapshot', revision: 2 });
    expect(only(messages, 'columns')).toMatchObject({ isWhole: true });
    expect(only(messages, 'columns')?.columns.ids.length).toBeLessThan(60);
  });

  it('marks what was accepted once', () => {
    const accepted = new Set<number>();
    const feed = new SessionFeed({ ...noExtras, accepted: () => accepted });
    const view = viewAfter(entries.length);
    feed.whole(view, nowMs);
    accepted.add(9);
    const columns = only(feed.news(view, nowMs), 'columns')?.columns;
    expect([[...(columns?.ids ?? [])], columns?.accepted[0]]).toEqual([[9], 1]);
    expect(feed.news(view, nowMs)).toEqual([]);
  });
});

describe('sums up to a candidate', () => {
  const view = viewAfter(entries.length);
  const columns = only(new SessionFeed().whole(view, nowMs), 'columns')?.columns;
  const last = view.snapshot.candidates.length - 1;

  it('are all tokens of prompts and answers, by id', () => {
    const { promptTokens, sampledTokens } = view.snapshot.usage;
    expect(columns?.tokensUpTo[last]).toBe(promptTokens + sampledTokens);
    for (let id = 1; id <= last; id++) {
      expect(columns?.tokensUpTo[id]).toBeGreaterThanOrEqual(columns?.tokensUpTo[id - 1] ?? 0);
    }
  });

  it('are all the money, the updates of earlier steps included', () => {
    const rows = only(new SessionFeed().whole(view, nowMs), 'snapshot');
    const total = rows?.header.usage?.cost?.usd ?? Number.NaN;
    expect(rows?.steps.at(-1)?.usdUpTo).toBeCloseTo(total, 8);
    // The last update comes behind the last candidate.
    const lastStep = view.snapshot.steps.at(-1);
    const lastUpdate = ((lastStep?.usage?.trainedTokens ?? 0) * 0.737) / 1e6;
    expect(columns?.usdUpTo[last]).toBeCloseTo(total - lastUpdate, 8);
  });

  it('know no money where no prices are known', () => {
    const options = { ...view.snapshot.options!, model: { server: 'http://localhost:8000', model: 'own' } };
    const unpriced = only(new SessionFeed().whole(withSnapshot(view, { options }), nowMs), 'columns');
    expect(unpriced?.columns.usdUpTo.every(Number.isNaN)).toBe(true);
  });
});

describe('programs that were there before', () => {
  it('are told by the first candidate with the same text, in whatever order they come', () => {
    const texts = ['a', 'b', 'a', 'c', 'b', 'a'];
    const records = texts.map((sha256, id) => ({
      id,
      step: 0,
      group: 0,
      member: id,
      sha256,
      proposedAtMs: 0,
    }));
    const view = exampleSession(0);
    const listed = (ids: readonly number[]): SessionView =>
      withSnapshot(view, {
        lastSeq: ids.length,
        candidates: {
          length: 6,
          at: (id) => (ids.includes(id) ? records[id] : undefined),
          [Symbol.iterator]: () => records.filter(({ id }) => ids.includes(id))[Symbol.iterator](),
        },
      });
    const page = new Page();
    const feed = new SessionFeed();
    page.take(feed.whole(listed([1, 2, 4, 5]), nowMs));
    page.take(feed.news(listed([0, 1, 2, 3, 4, 5]), nowMs));
    expect(texts.map((_, id) => page.rows.get(id)?.['firstWithText'])).toEqual([0, 1, 0, 3, 1, 0]);
  });
});

describe('the rows of steps', () => {
  it('say how far the session was, and what the time went to', () => {
    const view = viewAfter(entries.length);
    const rows = only(new SessionFeed().whole(view, nowMs), 'snapshot')?.steps ?? [];
    expect(rows.map((row) => row.rolloutsUpTo)).toEqual([1, 2, 3, 4, 5, 6].map((step) => 4 + 64 * step));
    for (const [index, row] of rows.entries()) {
      const { samplingMs, evaluationMs, trainingMs } = row;
      const step = view.snapshot.steps[index];
      expect((samplingMs ?? 0) + (evaluationMs ?? 0) + (trainingMs ?? 0)).toBeCloseTo(
        step?.durationMs ?? 0,
        -1,
      );
      expect(row.evaluatorsBusy).toBeGreaterThan(0);
      expect(row.evaluatorsBusy).toBeLessThan(1);
      expect(row.endedAtMs).toBeGreaterThan(rows[index - 1]?.endedAtMs ?? 0);
    }
  });
});
