import { emptySnapshot, reduce } from '../../../src/domain/session/reduce';
import type { SessionSnapshot } from '../../../src/domain/session/snapshot';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { recordedSession, type RecordedSessionOptions } from '../../support/recordedSession';

/** A session as the store shows it, that has ended. */
export function viewOf(snapshot: SessionSnapshot, id = '01ARZ3NDEKTSV4RRFFQ69G5FAV'): SessionView {
  return {
    id,
    target: { kind: 'local' },
    hostLabel: 'this machine',
    snapshot,
    connection: { state: 'offline' },
  };
}

export function recordedView(options: Partial<RecordedSessionOptions> = {}): SessionView {
  return viewOf(reduce(emptySnapshot, recordedSession(options).entries));
}
