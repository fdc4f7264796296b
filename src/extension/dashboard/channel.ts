import type { ToDashboard } from '../../protocol/dashboardMessages';
import { diffProjection, type DashboardProjection } from './projection';

/** Most frequent patches: the page redraws its charts no faster. */
export const patchIntervalMs = 250;

export interface Clock {
  nowMs(): number;
  /** Calls back once, later; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface ChannelPorts {
  /** What to show now; a string says why there is nothing. */
  readonly project: (nowMs: number) => DashboardProjection | string;
  /** How often the projection changes by the clock alone; `undefined` for never. */
  readonly changesEveryMs: () => number | undefined;
  readonly post: (message: ToDashboard) => void;
  readonly clock: Clock;
}

/**
 * Keeps one page up to date: a snapshot when it says that it is ready or is shown again, then patches, at most one every
 * `patchIntervalMs`, and nothing while it is hidden, because a hidden page is gone and what is sent to it is lost.
 */
export class DashboardChannel {
  private revision = 0;
  /** What the page shows; `undefined` while there is no page to send to, or none that shows a session. */
  private shown: DashboardProjection | undefined;
  private pageIsReady = false;
  private visible = true;
  private lastSentMs = Number.NEGATIVE_INFINITY;
  private cancelTimer: (() => void) | undefined;
  private timerDueMs = Number.POSITIVE_INFINITY;

  constructor(private readonly ports: ChannelPorts) {}

  /** The page has loaded, or has missed a patch. */
  ready(): void {
    this.pageIsReady = true;
    this.shown = undefined;
    this.send();
  }

  /** The panel was shown or hidden. */
  setVisible(visible: boolean): void {
    // The editor also reports focus coming and going this way.
    if (visible === this.visible) return;
    this.visible = visible;
    if (visible) {
      if (this.pageIsReady) this.ready();
    } else {
      this.pageIsReady = false;
      this.shown = undefined;
      this.stopTimer();
    }
  }

  /** The session may have changed. */
  changed(): void {
    if (!this.pageIsReady) return;
    this.sendAt(this.lastSentMs + patchIntervalMs);
  }

  dispose(): void {
    this.pageIsReady = false;
    this.stopTimer();
  }

  private send(): void {
    this.stopTimer();
    const nowMs = this.ports.clock.nowMs();
    const next = this.ports.project(nowMs);
    if (typeof next === 'string') {
      this.shown = undefined;
      this.lastSentMs = nowMs;
      this.ports.post({ type: 'absent', message: next });
      return;
    }
    const message = this.messageFor(next);
    this.shown = next;
    if (message !== undefined) {
      this.lastSentMs = nowMs;
      this.ports.post(message);
    }
    const changesEveryMs = this.ports.changesEveryMs();
    if (changesEveryMs !== undefined) this.sendAt(nowMs + changesEveryMs);
  }

  private messageFor(next: DashboardProjection): ToDashboard | undefined {
    const diff =
      this.shown === undefined ? ({ kind: 'snapshot' } as const) : diffProjection(this.shown, next);
    if (diff.kind === 'same') return undefined;
    const { header, steps, candidates } = diff.kind === 'patch' ? diff : next;
    this.revision += 1;
    return {
      type: diff.kind,
      revision: this.revision,
      header,
      steps: [...steps],
      candidates: [...candidates],
    };
  }

  /** Sends at that time, or earlier if a sending is already due earlier. */
  private sendAt(dueMs: number): void {
    if (this.timerDueMs <= dueMs) return;
    this.stopTimer();
    this.timerDueMs = dueMs;
    const delayMs = Math.max(0, dueMs - this.ports.clock.nowMs());
    this.cancelTimer = this.ports.clock.after(delayMs, () => this.send());
  }

  private stopTimer(): void {
    this.cancelTimer?.();
    this.cancelTimer = undefined;
    this.timerDueMs = Number.POSITIVE_INFINITY;
  }
}
