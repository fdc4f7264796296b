import { beforeEach, describe, expect, it } from 'vitest';
import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import { Comparison, comparisonIntervalMs } from '../../../src/extension/dashboard/comparison';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { recordedSession } from '../../support/recordedSession';
import { exampleSession, withSnapshot } from './exampleSession';

const small = { steps: 5, groups: 2, groupSize: 8 };
const own = viewOf('own', 1, {});
const problem = own.snapshot.problem!;

function viewOf(id: string, seed: number, change: Partial<SessionView>): SessionView {
  const snapshot = reduce(emptySnapshot, recordedSession({ ...small, seed }).entries);
  return { ...exampleSession(0), id, snapshot, ...change };
}

describe('sessions that can be laid over another', () => {
  let all: SessionView[];
  let comparison: Comparison;
  const remote = { kind: 'ssh', destination: 'gpu2' } as unknown as SessionView['target'];

  beforeEach(() => {
    all = [own, viewOf('a', 2, {}), viewOf('b', 3, { target: remote, hostLabel: 'gpu2' })];
    comparison = new Comparison({
      get all() {
        return all;
      },
      get: (id) => all.find((one) => one.id === id),
    });
  });

  it('are those of the same problem, on whichever host, with names that differ', () => {
    const others = comparison.message(own, 0, true)?.sessions ?? [];
    expect(others.map(({ sessionId, shown }) => [sessionId, shown])).toEqual([
      ['a', false],
      ['b', false],
    ]);
    expect(others.map(({ title }) => title)).toEqual([
      'TTT-Discover, gpt-oss-120b',
      'TTT-Discover, gpt-oss-120b (2)',
    ]);
    expect(others[1]?.description).toMatch(/^gpu2, .*2026.*, 5 steps$/);
    expect(others[0]).toMatchObject({ evaluated: 82, best: all[1]!.snapshot.steps.at(-1)?.bestSoFar });
  });

  it.each([
    ['another metric', { ...problem, metric: { ...problem.metric, name: 'time' } }],
    ['the other goal', { ...problem, metric: { ...problem.metric, goal: 'maximize' as const } }],
    ['another unit', { ...problem, metric: { ...problem.metric, unit: 'us' } }],
    ['another problem', { ...problem, title: 'Packing', path: 'packing.discover' }],
  ])('are none with %s', (_, other) => {
    all = [own, withSnapshot(viewOf('a', 2, {}), { problem: other })];
    expect(comparison.message(own, 0, true)?.sessions).toEqual([]);
  });

  it('lie over it when they are asked for, as the points where their best changed and their end', () => {
    comparison.message(own, 0, true);
    comparison.choose(['b', 'gone']);
    const message = comparison.message(own, 1, false);
    expect(message?.sessions.map(({ shown }) => shown)).toEqual([false, true]);
    const [overlay] = message?.overlays ?? [];
    expect(overlay).toMatchObject({ sessionId: 'b', title: 'TTT-Discover, gpt-oss-120b (2)' });
    const { candidates, steps, bestSoFar, endedAtMs, tokensUpTo, usdUpTo } = overlay!;
    const { snapshot } = all[2]!;
    expect(candidates.at(-1)).toBe(snapshot.candidates.length - 1);
    expect(bestSoFar.at(-1)).toBe(snapshot.steps.at(-1)?.bestSoFar);
    expect(tokensUpTo.at(-1)).toBe(snapshot.usage.promptTokens + snapshot.usage.sampledTokens);
    for (const column of [candidates, steps, endedAtMs, tokensUpTo, usdUpTo]) {
      expect([...column]).toEqual([...column].sort((a, b) => a - b));
    }
    const improving = [...bestSoFar].slice(0, -1);
    expect(improving).toEqual([...new Set(improving)].sort((a, b) => b - a));
    expect(comparison.message(own, 2, false)).toBeUndefined();
  });

  it('are sent again when one of them changed, but not all the time', () => {
    comparison.choose(['a']);
    comparison.message(own, 0, true);
    expect(comparison.changed(own, 'a')).toBe(true);
    all[1] = withSnapshot(all[1]!, { evaluated: 99 });
    expect(comparison.message(own, comparisonIntervalMs - 1, false)).toBeUndefined();
    expect(comparison.isWaiting).toBe(true);
    const message = comparison.message(own, comparisonIntervalMs, false);
    expect(message?.sessions[0]?.evaluated).toBe(99);
    expect(comparison.isWaiting).toBe(false);
  });

  it('are not looked at for a session that has nothing to do with it', () => {
    all.push(withSnapshot(viewOf('c', 4, {}), { problem: { ...problem, title: 'P', path: 'p' } }));
    comparison.message(own, 0, true);
    expect([comparison.changed(own, 'c'), comparison.changed(own, 'own')]).toEqual([false, false]);
    all = all.filter(({ id }) => id !== 'a');
    expect(comparison.changed(own, 'a')).toBe(true);
  });
});
