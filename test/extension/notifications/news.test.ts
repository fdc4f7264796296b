import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SessionEvent } from '../../../src/domain/session/events';
import type { NotificationLevel } from '../../../src/extension/base/settings';
import { newsOf } from '../../../src/extension/notifications/news';
import { Notifier } from '../../../src/extension/notifications/notifier';
import { ToldNews } from '../../../src/extension/notifications/toldNews';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import { steerable, viewOf } from '../chat/chatSessions';
import { evaluated, sessionId } from '../sessions/journal';

/** A best of 0.38; the references are 0.4, which it beats, and 0.3. */
const confirmed: SessionEvent = {
  type: 'candidate.verified',
  candidate: 1,
  verdict: 'confirmed',
  durationMs: 1,
  outcome: { kind: 'valid', metrics: { depth: 0.38 }, value: 0.38, reward: -0.38 },
};
const nowMs = 10_000;
const paused: SessionEvent = { type: 'session.paused', reason: 'error', message: 'The server is gone.' };
const keysOf = (view: SessionView): string[] => newsOf(view, nowMs).map(({ key }) => key);

describe('news of a session', () => {
  it('are a reference that a confirmed best beats, with the diff', () => {
    const [news, ...others] = newsOf(viewOf([...steerable, confirmed]), nowMs);
    expect(others).toEqual([]);
    expect(news).toMatchObject({
      level: 'important',
      severity: 'information',
      text: '"Valley": c1 reached 0.38, confirmed by a second run, and beats A paper (0.4).',
      button: { title: 'Open Diff', command: 'openBestDiff' },
    });
  });

  it('are none before the second run, after a refuted or unclear one, and where the initial program beat it', () => {
    expect(keysOf(viewOf(steerable))).toEqual([]);
    expect(keysOf(viewOf([...steerable, { ...confirmed, verdict: 'unclear' }]))).toEqual([]);
    expect(keysOf(viewOf([...steerable, { ...confirmed, verdict: 'refuted' }]))).toEqual([]);
    const goodStart = steerable.map((event) =>
      event.type === 'candidate.evaluated' && event.candidate === 0 ? evaluated(0, 0.39) : event,
    );
    expect(keysOf(viewOf([...goodStart, confirmed]))).toEqual([]);
  });

  it('are a pause by an error, not one by the user, and not one that something else asks about', () => {
    expect(keysOf(viewOf([...steerable, paused]))).toEqual(['pause-7']);
    expect(newsOf(viewOf([...steerable, paused]), nowMs)[0]?.text).toBe(
      'Session "Valley" paused and needs you. The server is gone.',
    );
    expect(keysOf(viewOf([...steerable, { type: 'session.paused', reason: 'user' }]))).toEqual([]);
    expect(keysOf(viewOf([...steerable, { ...paused, code: 'needs-key' }]))).toEqual([]);
    expect(keysOf(viewOf([...steerable, paused, { type: 'session.resumed' }]))).toEqual([]);
    expect(keysOf(viewOf([...steerable, paused, { type: 'session.resumed' }, paused]))).toEqual(['pause-9']);
  });

  it('are a failure, and a process that is gone', () => {
    expect(keysOf(viewOf([...steerable, { type: 'session.failed', message: 'No.' }]))).toEqual(['failed']);
    const verdict = { state: 'exited', reason: 'runner-lost' } as const;
    expect(keysOf(viewOf(steerable, { connection: { state: 'connected', verdict } }))).toEqual(['gone-0']);
  });

  it('are none when they are old', () => {
    expect(newsOf(viewOf([...steerable, confirmed]), 25 * 3_600_000)).toEqual([]);
  });
});

describe('a notifier', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'told-'));
  });
  afterEach(() => rm(folder, { recursive: true, maxRetries: 5 }));

  /** A window of the editor. */
  function openWindow(level: NotificationLevel = 'important', press?: string) {
    const shown: string[] = [];
    const ran: string[] = [];
    const errors: unknown[] = [];
    let view = viewOf(steerable);
    let isCurrent = true;
    let announce: (id: string) => void = () => undefined;
    const told = new ToldNews(folder, (_message, error) => errors.push(error));
    new Notifier({
      sessions: {
        get: () => view,
        isCurrent: () => isCurrent,
        onDidChange: (listener) => {
          announce = listener;
          return { dispose: () => undefined };
        },
      },
      told,
      level: () => level,
      nowMs: () => nowMs,
      show: (_severity, text) => {
        shown.push(text);
        return Promise.resolve(press);
      },
      run: (command, id) => ran.push(`${command} ${id}`),
      onError: (_what, error) => errors.push(error),
    });
    return {
      shown,
      ran,
      errors,
      change: (events: readonly SessionEvent[], current = true) => {
        view = viewOf(events);
        isCurrent = current;
        announce(sessionId);
      },
      muted: () => told.has(sessionId, 'muted'),
    };
  }

  it('tells once, also after a reload and in a second window', async () => {
    const first = openWindow();
    first.change([...steerable, confirmed]);
    await expect.poll(() => first.shown).toHaveLength(1);
    first.change([...steerable, confirmed, paused]);
    await expect.poll(() => first.shown).toHaveLength(2);
    const second = openWindow();
    second.change([...steerable, confirmed, paused]);
    second.change([...steerable, confirmed, paused, { type: 'session.failed', message: 'No.' }]);
    await expect.poll(() => second.shown).toEqual(['Session "Valley" failed. No.']);
    expect(first.errors).toEqual([]);
  });

  it('tells nothing until all is here: what looks paused may have gone on', async () => {
    const window = openWindow();
    window.change([...steerable, paused], false);
    window.change([...steerable, paused, { type: 'session.resumed' }, confirmed]);
    await expect.poll(() => window.shown).toHaveLength(1);
    expect(window.shown[0]).toContain('beats');
  });

  it('is quiet about a session from the press of its button on', async () => {
    const window = openWindow('important', "Don't Show for This Session");
    window.change([...steerable, confirmed]);
    await expect.poll(() => window.muted()).toBe(true);
    const reloaded = openWindow();
    reloaded.change([...steerable, confirmed, paused]);
    const other = openWindow('all');
    other.change([...steerable, { type: 'session.finished', reason: 'steps' }]);
    // Both have been looked at when the last claim is on the disk.
    const told = new ToldNews(folder, () => undefined);
    await expect.poll(() => told.has(sessionId, 'finished')).toBe(true);
    expect([...reloaded.shown, ...other.shown]).toEqual([]);
  });

  it('does what its button says', async () => {
    const window = openWindow('important', 'Open Diff');
    window.change([...steerable, confirmed]);
    await expect.poll(() => window.ran).toEqual([`openBestDiff ${sessionId}`]);
  });

  it('tells of an end only at the level all, and nothing at none', async () => {
    const end: SessionEvent = { type: 'session.finished', reason: 'steps' };
    const all = openWindow('all');
    all.change([...steerable, end]);
    await expect.poll(() => all.shown).toEqual(['Session "Valley" has ended. All steps are done, best 0.38']);
    const none = openWindow('none');
    none.change([...steerable, confirmed]);
    const told = new ToldNews(folder, () => undefined);
    await expect.poll(() => told.has(sessionId, 'reference-0')).toBe(true);
    expect(none.shown).toEqual([]);
  });
});
