import type { ToDashboard } from '../../protocol/dashboardMessages';

/** Most frequent sendings: the page redraws its charts no faster. */
export const patchIntervalMs = 250;

export interface Clock {
  nowMs(): number;
  /** Calls back once, later; the returned function cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface ChannelPorts {
  /** All that is to be shown, for a page that knows nothing, or what is new since the last call; a string says why there is nothing. */
  readonly messages: (what: 'whole' | 'news', nowMs: number) => readonly ToDashboard[] | string;
  /** How often something changes by the clock alone; `undefined` for never. */
  readonly changesEveryMs: () => number | undefined;
  readonly post: (message: ToDashboard) => void;
  readonly clock: Clock;
}

/**
 * Keeps one page up to date: everything when it says that it is ready or is shown again, then what is new, at most once every
 * `patchIntervalMs`, and nothing while it is hidden, because a hidden page is gone and what is sent to it is lost.
 */
export class DashboardChannel {
  /** The page shows the session; false while there is no page to send to. */
  private isShown = false;
  private pageIsReady = false;
  private visible = true;
  private lastSentMs = Number.NEGATIVE_INFINITY;
  private cancelTimer: (() => void) | undefined;
  private timerDueMs = Number.POSITIVE_INFINITY;

  constructor(private readonly ports: ChannelPorts) {}

  /** The page has loaded, or has missed a patch. */
  ready(): void {
    this.pageIsReady = true;
    this.isShown = false;
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
      this.isShown = false;
      this.stopTimer();
    }
  }

  /** Something that is shown may have changed. */
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
    const messages = this.ports.messages(this.isShown ? 'news' : 'whole', nowMs);
    if (typeof messages === 'string') {
      this.isShown = false;
      this.lastSentMs = nowMs;
      this.ports.post({ type: 'absent', message: messages });
      return;
    }
    this.isShown = true;
    if (messages.length > 0) this.lastSentMs = nowMs;
    for (const message of messages) this.ports.post(message);
    const changesEveryMs = this.ports.changesEveryMs();
    if (changesEveryMs !== undefined) this.sendAt(nowMs + changesEveryMs);
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
