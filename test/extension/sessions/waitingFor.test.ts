import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/domain/session/events';
import { emptySnapshot } from '../../../src/domain/session/reduce';
import { applyEntries } from '../../../src/extension/sessions/applyEntries';
import { sessionItem } from '../../../src/extension/sessions/sessionItems';
import { waitingText } from '../../../src/extension/sessions/waitingFor';
import { created, journalOf, sessionId } from './journal';

const begun: readonly SessionEvent[] = [created, { type: 'environment.ready', durationMs: 1 }];
const rowAfter = (...events: readonly SessionEvent[]) =>
  sessionItem(
    {
      id: sessionId,
      target: { kind: 'ssh', alias: 'farm' },
      hostLabel: 'farm',
      snapshot: applyEntries(emptySnapshot, journalOf([...begun, ...events])).snapshot,
      connection: { state: 'connected', verdict: { state: 'live', pid: 1 } },
      lastContactMs: 0,
    },
    0,
  );
const pausedFor = (code: string): SessionEvent => ({
  type: 'session.paused',
  reason: 'error',
  code,
  message: 'It answers nobody without a key.',
});

describe('a session that waits for what a client can give', () => {
  it('says in its row and its tooltip that it is the key, and offers to set it', () => {
    const row = rowAfter(pausedFor('needs-key'));
    expect(row.description).toContain("waits for the model server's key");
    expect(row.tooltip).toContain("waits for the model server's key on farm");
    expect(row.tooltip).toContain('It answers nobody without a key.');
    expect(row.accessibleLabel).toContain("waits for the model server's key");
    expect(row.icon).toBe('key');
    expect(row.contextValue.split(' ')).toEqual(expect.arrayContaining(['needsKey', 'canResume', 'canStop']));
  });

  it('says that it is the editor, where its model is lent', () => {
    const row = rowAfter(pausedFor('needs-endpoint'));
    expect(row.description).toContain("waits for the editor's language model");
    expect(row.contextValue).not.toContain('needsKey');
  });

  it('says that it is an editor on the right machine, where that reaches its model server', () => {
    if (created.type !== 'session.created') throw new Error('the first event makes the session');
    const model = { server: 'http://office:8000/v1', model: 'm', reachedFrom: 'editor' } as const;
    const options = { ...created.options, policy: 'openai', model } as const;
    const snapshot = applyEntries(
      emptySnapshot,
      journalOf([{ ...created, options }, pausedFor('needs-endpoint')]),
    ).snapshot;
    expect(waitingText(snapshot)).toBe('waits for an editor that reaches its model server');
  });

  it('says neither in any other pause, nor when it goes on', () => {
    expect(rowAfter({ type: 'session.paused', reason: 'user' }).description).toContain('paused');
    const again = rowAfter(pausedFor('needs-key'), { type: 'session.resumed' });
    expect(again.description).not.toContain('waits');
    expect(again.contextValue).not.toContain('needsKey');
  });
});
