import { emptySnapshot } from '../../../src/domain/session/reduce';
import type { SessionEvent } from '../../../src/domain/session/events';
import type { ChatSessions } from '../../../src/extension/chat/participant';
import { applyEntries } from '../../../src/extension/sessions/applyEntries';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { created, evaluated, journalOf, proposed, sessionId } from '../sessions/journal';

const sha = (digit: string): string => digit.repeat(64);

/** A session that asks a language model, with a reference that is beaten and one that is not. */
export const steerable: readonly SessionEvent[] =
  created.type !== 'session.created'
    ? []
    : [
        {
          ...created,
          problem: {
            ...created.problem,
            references: [
              { label: 'A paper', value: 0.4 },
              { label: 'The _record_', value: 0.3 },
            ],
          },
          options: { ...created.options, policy: 'openai' },
        },
        proposed(0, sha('0')),
        evaluated(0, 0.51),
        { type: 'step.started', step: 0, parents: [0] },
        proposed(1, sha('1')),
        evaluated(1, 0.38),
      ];

export const tuned: readonly SessionEvent[] = [created, ...steerable.slice(1)];

export function viewOf(events: readonly SessionEvent[], change: Partial<SessionView> = {}): SessionView {
  return {
    id: sessionId,
    title: 'Valley',
    target: { kind: 'local' },
    hostLabel: 'This machine',
    snapshot: applyEntries(emptySnapshot, journalOf(events)).snapshot,
    connection: { state: 'connected', verdict: { state: 'live', pid: 1 } },
    ...change,
  };
}

/** A store of these sessions, whose candidates are `texts`. */
export function sessionsOf(
  all: readonly SessionView[],
  texts: readonly string[] = ['x = 1\ny = 2\n', 'x = 40\ny = 2\n'],
): ChatSessions & { readonly notes: string[] } {
  const notes: string[] = [];
  return {
    all,
    notes,
    ready: Promise.resolve(),
    readCandidate: (_id, candidate) => Promise.resolve(texts[candidate] ?? ''),
    note: (id, text) => Promise.resolve(void notes.push(`${id}: ${text}`)),
  };
}
