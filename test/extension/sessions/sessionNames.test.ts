import { describe, expect, it } from 'vitest';
import { emptySnapshot } from '../../../src/domain/session/reduce';
import { applyEntries } from '../../../src/extension/sessions/applyEntries';
import { sessionItem } from '../../../src/extension/sessions/sessionItems';
import { distinction, distinctTitleOf } from '../../../src/extension/sessions/sessionNames';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import type { Method } from '../../../src/domain/problem/problem';
import { created, journalOf } from './journal';

const noon = new Date(2026, 10, 22, 12, 0).getTime();
const minuteMs = 60_000;

function session(id: string, method: Method, createdAtMs: number, title = 'Valley'): SessionView {
  if (created.type !== 'session.created') throw new Error('The first entry makes the session.');
  const options = { ...created.options, method };
  const problem = { ...created.problem, title };
  const { snapshot } = applyEntries(emptySnapshot, journalOf([{ ...created, options, problem }]));
  return {
    id,
    title,
    target: { kind: 'local' },
    hostLabel: 'this machine',
    snapshot: { ...snapshot, createdAtMs },
    connection: { state: 'connected', verdict: { state: 'live', pid: 1 } },
    lastContactMs: 0,
  };
}

describe('what tells a session from others on its problem', () => {
  const one = session('A', 'ttt-discover', noon);

  it('is nothing where there is no other one', () => {
    const elsewhere = session('B', 'puct', noon, 'Hill');
    expect(distinction(one, [one, elsewhere])).toBeUndefined();
    expect(distinctTitleOf(one, [one, elsewhere])).toBe('Valley');
  });

  it('is how it searches, where no other one searches so', () => {
    const all = [one, session('B', 'best-of-n', noon)];
    expect(all.map((view) => distinctTitleOf(view, all))).toEqual([
      'Valley (TTT-Discover)',
      'Valley (Best of n)',
    ]);
    expect(sessionItem(one, 0, all).description).toMatch(/^TTT-Discover · /);
  });

  it('is when it began, where another one searches so too', () => {
    const all = [one, session('B', 'ttt-discover', noon + 5 * minuteMs), session('C', 'puct', noon)];
    const told = all.map((view) => distinction(view, all));
    expect(told[0]).toContain('12:00');
    expect(told[1]).toContain('12:05');
    expect(told[2]).toBe('PUCT');
  });

  it('has the day as well, where they are not of one day', () => {
    const all = [one, session('B', 'ttt-discover', noon + 24 * 60 * minuteMs)];
    const told = all.map((view) => distinction(view, all));
    expect(told[0]).not.toBe(told[1]);
    expect(told[0]).toContain('22');
  });
});
