import { describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/domain/session/events';
import { statusBarWords } from '../../../src/extension/sessions/statusBarWords';
import { steerable, viewOf } from '../chat/chatSessions';
import { sessionId } from './journal';

const pausedByError: SessionEvent = {
  type: 'session.paused',
  reason: 'error',
  message: 'The server is gone.',
};

describe('the status bar', () => {
  it('says of one session its best and its step, and opens its dashboard', () => {
    expect(statusBarWords([viewOf(steerable)])).toEqual({
      text: '$(pulse) best 0.38 · step 1/50',
      tooltip: 'Valley: running · best 0.38 · step 1/50\nClick to open its dashboard.',
      accessibleLabel: 'TTT-Discover session Valley: best 0.38, step 1/50',
      needsUser: false,
      sessionId,
    });
  });

  it('shows of several the one that needs the user, and lets the user choose', () => {
    const words = statusBarWords([
      viewOf(steerable),
      viewOf([...steerable, pausedByError], { id: 'second' }),
    ]);
    expect(words).toMatchObject({
      text: '$(warning) paused · best 0.38 · step 1/50 (+1)',
      needsUser: true,
      accessibleLabel: 'TTT-Discover session Valley: paused, best 0.38, step 1/50 1 more at work.',
    });
    expect(words).not.toHaveProperty('sessionId');
  });

  it('says what a session waits for', () => {
    const waiting: SessionEvent = { ...pausedByError, code: 'needs-key' };
    expect(statusBarWords([viewOf([...steerable, waiting])])?.text).toMatch(
      /^\$\(warning\) waits for the model/,
    );
    const paused = statusBarWords([viewOf([...steerable, { type: 'session.paused', reason: 'user' }])]);
    expect(paused).toMatchObject({ text: '$(debug-pause) best 0.38 · step 1/50 · paused', needsUser: false });
  });

  it('is not there where no session is at work', () => {
    expect(statusBarWords([])).toBeUndefined();
    expect(
      statusBarWords([viewOf([...steerable, { type: 'session.finished', reason: 'steps' }])]),
    ).toBeUndefined();
    expect(statusBarWords([viewOf(steerable, { connection: { state: 'offline' } })])).toBeUndefined();
  });

  it('says when contact is lost', () => {
    const connection = { state: 'lost', sinceMs: 0, reason: 'No route' } as const;
    expect(statusBarWords([viewOf(steerable, { connection })])?.text).toBe(
      '$(debug-disconnect) best 0.38 · step 1/50 · contact lost',
    );
  });
});
