import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import type { ConstructionView } from '../../../src/domain/session/constructionView';
import { CandidateTable } from '../../../src/extension/dashboard/candidateTable';
import { SessionFeed, type FeedExtras } from '../../../src/extension/dashboard/feed';
import { runningBest } from '../../../src/extension/dashboard/overlays';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { journalEntry } from '../../../src/protocol/journalEntry';
import type { ToDashboard } from '../../../src/protocol/dashboardMessages';
import { exampleSession, withSnapshot } from '../../extension/dashboard/exampleSession';
import { recordedSession, type RecordedSessionOptions } from '../../support/recordedSession';

/** A moment after all that the recorded sessions hold. */
export const nowMs = 1_760_000_100_000;

/** A recorded session after so many of its entries; without a number after all. */
export function recordedView(
  options: Partial<RecordedSessionOptions> = {},
  entryCount?: number,
): SessionView {
  const { entries } = recordedSession(options);
  return withSnapshot(exampleSession(0), reduce(emptySnapshot, entries.slice(0, entryCount)));
}

/** The same with all values and references moved, so that they lie as close together as before but elsewhere. */
export function recordedViewMoved(by: number, options: Partial<RecordedSessionOptions> = {}): SessionView {
  const { entries } = recordedSession(options);
  const moved = entries.map((entry) =>
    journalEntry.parse(
      JSON.parse(JSON.stringify(entry), (key, part: unknown) =>
        key === 'value' && typeof part === 'number' ? part + by : part,
      ),
    ),
  );
  return withSnapshot(exampleSession(0), reduce(emptySnapshot, moved));
}

/** All that a page is sent when it is ready, as the extension makes it. */
export function messagesOf(view: SessionView, extras: Partial<FeedExtras> = {}): ToDashboard[] {
  return feedOf(extras).whole(view, nowMs);
}

export function feedOf(extras: Partial<FeedExtras> = {}): SessionFeed {
  return new SessionFeed({
    accepted: () => new Set(),
    comparison: () => undefined,
    bestView: () => undefined,
    ...extras,
  });
}

/** Two other sessions, shorter and worse, of which those named are laid over. */
export function comparisonOf(shown: readonly string[]): Extract<ToDashboard, { type: 'comparison' }> {
  const others = [
    { sessionId: 'A', title: 'Best of n', description: 'openai, no training, on this machine', seed: 3 },
    { sessionId: 'B', title: 'Seed 2', description: 'tinker, rank 32, on gpu-02', seed: 2 },
  ].map((session) => {
    const { snapshot } = recordedView({ seed: session.seed, steps: 8, groups: 4, groupSize: 32 });
    const table = new CandidateTable();
    table.update(snapshot, snapshot.candidates);
    return { ...session, overlay: runningBest(table.columns(), 'minimize') };
  });
  return {
    type: 'comparison',
    sessions: others.map(({ sessionId, title, description, overlay }) => ({
      sessionId,
      title,
      description,
      best: overlay.bestSoFar.at(-1) ?? null,
      evaluated: (overlay.candidates.at(-1) ?? 0) + 1,
      shown: shown.includes(sessionId),
    })),
    overlays: others
      .filter(({ sessionId }) => shown.includes(sessionId))
      .map(({ sessionId, title, description, overlay }) => ({ sessionId, title, description, ...overlay })),
  };
}

/** One picture of each kind. */
export const exampleViews: Readonly<Record<ConstructionView['kind'], ConstructionView>> = {
  'step-function': {
    kind: 'step-function',
    title: 'Overlap function of 60 pieces',
    from: 0,
    to: 2,
    values: Array.from({ length: 60 }, (_, index) =>
      Math.min(1, Math.max(0, 0.55 + 0.4 * Math.sin(index / 4) + 0.2 * Math.cos(index / 1.7))),
    ),
  },
  circles: {
    kind: 'circles',
    title: '26 circles in the unit square',
    width: 1,
    height: 1,
    circles: Array.from({ length: 26 }, (_, index) => ({
      x: 0.1 + 0.2 * (index % 5),
      y: 0.09 + 0.16 * Math.floor(index / 5),
      r: 0.05 + 0.04 * ((index * 7) % 5) * 0.25,
    })),
  },
  polygon: {
    kind: 'polygon',
    title: 'Fishing net, seed 0',
    polygon: [
      [0, 0],
      [60, 0],
      [60, 40],
      [90, 40],
      [90, 90],
      [30, 90],
      [30, 50],
      [0, 50],
    ],
    wanted: Array.from({ length: 300 }, (_, index) => [(index * 37) % 100, (index * 61) % 97]),
    unwanted: Array.from({ length: 300 }, (_, index) => [(index * 53) % 99, (index * 29) % 98]),
  },
  bars: {
    kind: 'bars',
    title: 'Time a shape',
    unit: 'µs',
    goal: 'minimize',
    series: ['candidate', 'reference'],
    rows: ['256', '512', '768', '1024', '2048', '4096'].map((label, index) => ({
      label,
      values: [120 * 1.7 ** index, index === 3 ? null : 160 * 1.8 ** index],
    })),
  },
};
