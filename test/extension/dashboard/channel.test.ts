import { beforeEach, describe, expect, it } from 'vitest';
import { DashboardChannel, patchIntervalMs } from '../../../src/extension/dashboard/channel';
import { SessionFeed } from '../../../src/extension/dashboard/feed';
import type { SessionView } from '../../../src/extension/sessions/sessions';
import type { ToDashboard } from '../../../src/protocol/dashboardMessages';
import { exampleSession, withSnapshot } from './exampleSession';

/** A clock that only moves when told. */
class HandClock {
  private time = 0;
  private timers: { readonly dueMs: number; readonly callback: () => void }[] = [];
  nowMs = (): number => this.time;
  after = (delayMs: number, callback: () => void): (() => void) => {
    const timer = { dueMs: this.time + delayMs, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  };
  forward(milliseconds: number): void {
    const endMs = this.time + milliseconds;
    for (;;) {
      const next = [...this.timers].sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined || next.dueMs > endMs) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.time = Math.max(this.time, next.dueMs);
      next.callback();
    }
    this.time = endMs;
  }
  get pending(): number {
    return this.timers.length;
  }
}

describe('the channel to a page', () => {
  let clock: HandClock;
  let view: SessionView | undefined;
  let changesEveryMs: number | undefined;
  let sent: ToDashboard[];
  let channel: DashboardChannel;
  const change = (lastSeq: number): void => {
    view = withSnapshot(exampleSession(3), { lastSeq });
    channel.changed();
  };
  const framesOf = (): ToDashboard[] =>
    sent.filter(({ type }) => type !== 'columns' && type !== 'histograms');
  const sentTypes = (): string[] => framesOf().map(({ type }) => type);

  beforeEach(() => {
    clock = new HandClock();
    view = exampleSession(3);
    changesEveryMs = undefined;
    sent = [];
    const feed = new SessionFeed();
    channel = new DashboardChannel({
      messages: (what, nowMs) => (view === undefined ? 'not known' : feed[what](view, nowMs)),
      changesEveryMs: () => changesEveryMs,
      post: (message) => sent.push(message),
      clock,
    });
  });

  it('says nothing before the page is ready, then sends a snapshot at once', () => {
    change(1);
    clock.forward(10_000);
    expect(sent).toEqual([]);
    channel.ready();
    expect(sentTypes()).toEqual(['snapshot']);
  });

  it('sends one patch for many changes in a quarter of a second, with revisions that count up by one', () => {
    channel.ready();
    for (let lastSeq = 200; lastSeq < 250; lastSeq++) {
      change(lastSeq);
      clock.forward(10);
    }
    clock.forward(patchIntervalMs);
    expect(sentTypes()).toEqual(['snapshot', 'patch', 'patch']);
    expect(framesOf().map((message) => 'revision' in message && message.revision)).toEqual([1, 2, 3]);
    expect(framesOf().at(-1)).toMatchObject({ header: { lastSeq: 249 } });
  });

  it('sends no patch when nothing that is shown changed', () => {
    channel.ready();
    channel.changed();
    clock.forward(10_000);
    expect(sentTypes()).toEqual(['snapshot']);
  });

  it('is silent while the page is hidden, and sends a snapshot when the page is there again', () => {
    channel.ready();
    change(100);
    channel.setVisible(false);
    change(101);
    clock.forward(10_000);
    expect(sentTypes()).toEqual(['snapshot']);
    channel.setVisible(true);
    channel.ready();
    expect(framesOf().at(-1)).toMatchObject({ type: 'snapshot', header: { lastSeq: 101 } });
  });

  it('sends the snapshot again when the page was ready before the editor said that it is shown', () => {
    channel.setVisible(false);
    channel.ready();
    channel.setVisible(true);
    expect(sentTypes()).toEqual(['snapshot', 'snapshot']);
  });

  it('does not mind that the panel only gets or loses focus', () => {
    channel.ready();
    channel.setVisible(true);
    expect(sentTypes()).toEqual(['snapshot']);
  });

  it('counts time while the connection is lost', () => {
    view = exampleSession(3, { connection: { state: 'lost', sinceMs: 0, reason: 'reset' } });
    changesEveryMs = 1000;
    channel.ready();
    clock.forward(3000);
    expect(sentTypes()).toEqual(['snapshot', 'patch', 'patch', 'patch']);
    expect(framesOf().at(-1)).toMatchObject({ header: { connectionText: 'Connection lost 3 s ago: reset' } });
  });

  it('says that the session is not known, and shows it when it comes', () => {
    view = undefined;
    channel.ready();
    change(5);
    clock.forward(patchIntervalMs);
    expect(sentTypes()).toEqual(['absent', 'snapshot']);
  });

  it('leaves no timer behind', () => {
    changesEveryMs = 1000;
    channel.ready();
    change(100);
    channel.dispose();
    expect(clock.pending).toBe(0);
  });
});
