import { describe, expect, it } from 'vitest';
import { emptySnapshot } from '../../../src/domain/session/reduce';
import { applyEntries } from '../../../src/extension/sessions/applyEntries';
import { sessionItem } from '../../../src/extension/sessions/sessionItems';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { created, evaluated, finished, journalOf, proposed, sessionId } from './journal';
import type { SessionEvent } from '../../../src/domain/session/events';

const sha = (digit: string): string => digit.repeat(64);
const running: readonly SessionEvent[] = [
  created,
  proposed(0, sha('0')),
  evaluated(0, 0.51),
  { type: 'step.started', step: 0, parents: [0] },
  { type: 'step.finished', step: 0, gauges: {}, durationMs: 5 },
  { type: 'step.started', step: 1, parents: [0] },
  proposed(1, sha('1'), 1),
  evaluated(1, 0.3812344),
];

function view(events: readonly SessionEvent[], rest: Partial<SessionView> = {}): SessionView {
  return {
    id: sessionId,
    title: 'Valley',
    target: { kind: 'ssh', alias: 'farm' },
    hostLabel: 'farm',
    snapshot: applyEntries(emptySnapshot, journalOf(events)).snapshot,
    connection: { state: 'connected', verdict: { state: 'live', pid: 1 } },
    lastContactMs: 0,
    ...rest,
  };
}

describe('a session in the list', () => {
  it('shows the best value, the step and the age of the last contact', () => {
    const item = sessionItem(view(running), 4000);
    expect(item).toMatchObject({
      label: 'Valley',
      description: 'best 0.381234 · step 2/50 · 4 s ago',
      icon: 'pulse',
      accessibleLabel: 'Session Valley on farm, running, best 0.381234, step 2/50, 4 s ago',
      contextValue: 'session hasBest hasCandidates canPause canStop',
    });
  });

  it('says before its first entry what it is', () => {
    const item = sessionItem(view([], { connection: { state: 'connecting' } }), 0);
    expect(item).toMatchObject({ label: 'Valley', description: 'connecting… now', contextValue: 'session' });
  });

  it('says when contact is lost, since when and why', () => {
    const lost = { state: 'lost', sinceMs: 0, reason: 'No route to farm' } as const;
    const item = sessionItem(view(running, { connection: lost }), 90_000);
    expect(item.description).toBe('best 0.381234 · step 2/50 · contact lost 1 min ago');
    expect(item.tooltip).toContain('No route to farm');
    expect(item.contextValue).toBe('session hasBest hasCandidates canReconnect');
  });

  it('can be resumed when it is paused, and when its runner is gone', () => {
    const paused = view([...running, { type: 'session.paused', reason: 'user' }]);
    expect(sessionItem(paused, 0).contextValue).toContain('canResume');
    const gone = view(running, {
      connection: { state: 'connected', verdict: { state: 'exited', reason: 'host-rebooted' } },
    });
    expect(sessionItem(gone, 0)).toMatchObject({ icon: 'warning' });
    expect(sessionItem(gone, 0).contextValue).toContain('canResume');
    expect(sessionItem(gone, 0).description).toContain('lost in a reboot');
    expect(sessionItem(gone, 0).tooltip).toContain('The host was restarted.\nResume it');
  });

  it('offers no control over a session that ended', () => {
    const item = sessionItem(view([...running, finished], { connection: { state: 'offline' } }), 7_200_000);
    expect(item.description).toBe('best 0.381234 · step 2/50 · finished 2 h ago');
    expect(item.contextValue).toBe('session hasBest hasCandidates');
  });

  it('has a badge while a warning asks for attention, which says it', () => {
    const warning = { type: 'warning', code: 'gap', message: 'They differ. Check the weights.' } as const;
    const item = sessionItem(view([...running, warning, warning]), 4000);
    expect(item.badge).toEqual({ text: '!', tooltip: 'They differ. Check the weights. (2 times)' });
    expect(item.description).toBe('best 0.381234 · step 2/50 · 4 s ago · 1 warning');
    expect(item.accessibleLabel).toContain('1 warning');
    expect(sessionItem(view([...running, warning, finished]), 0).badge).toBeUndefined();
    expect(sessionItem(view(running), 0).badge).toBeUndefined();
  });

  it('says in its tooltip what it took and what it is doing', () => {
    const [first, ...rest] = running;
    if (first?.type !== 'session.created') throw new Error('a journal begins so');
    const model = { server: 'x', model: 'm', prices: { prompt: 10, sample: 100, train: 0 } };
    const options = { ...first.options, policy: 'openai' as const, model, maxCostUsd: 5, steps: 4 };
    const withUsage = rest.map((event) =>
      event.type === 'candidate.proposed' && event.candidate === 1
        ? { ...event, usage: { promptTokens: 20_000, sampledTokens: 10_000 } }
        : event,
    );
    const progress = { type: 'policy.progress', message: 'Waiting for the model server' } as const;
    const { tooltip } = sessionItem(view([{ ...first, options }, ...withUsage, progress]), 0);
    expect(tooltip).toContain('30,000 tokens (20,000 prompt, 10,000 sampled)');
    expect(tooltip).toContain('$1.20 of $5.00, about $3.');
    expect(tooltip).toContain('Waiting for the model server');
  });
});
