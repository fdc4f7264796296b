import * as vscode from 'vscode';
import type { ExportFormat } from '../../protocol/dashboardData';
import { fromDashboard, type FromDashboard, type ToDashboard } from '../../protocol/dashboardMessages';
import type { Sessions, SessionView } from '../sessions/sessions';
import type { AcceptedCandidates } from './acceptedCandidates';
import { DashboardChannel, type Clock } from './channel';
import { Comparison, comparisonIntervalMs } from './comparison';
import { SessionFeed } from './feed';
import { wordsChangeEveryMs } from './sessionWords';
import { t } from '../base/translate';

/** A chart as the page draws it. */
export interface ChartImage {
  readonly format: Extract<ExportFormat, 'png' | 'svg'>;
  readonly chart: string;
  /** Base64 of a PNG, or the text of an SVG. */
  readonly content: string;
}

/** What the page asks for. A rejection is shown and logged here; reject with words for people. */
export interface DashboardActions {
  openDiff(sessionId: string, candidate: number): Promise<void>;
  openBestDiff(sessionId: string): Promise<void>;
  accept(sessionId: string, candidate: number): Promise<void>;
  verify(sessionId: string, candidate: number): Promise<void>;
  pause(sessionId: string): Promise<void>;
  resume(sessionId: string): Promise<void>;
  stop(sessionId: string): Promise<void>;
  exportSession(sessionId: string, format: Exclude<ExportFormat, 'png' | 'svg'>): Promise<void>;
  exportChart(sessionId: string, image: ChartImage): Promise<void>;
}

/** Makes the messages of one page's picture of the best candidate. Calls `changed` when there is a new one. */
export type BestViewSource = (
  sessionId: string,
  changed: () => void,
) => {
  /** `undefined` while nothing is new; `isWhole`: the page knows nothing yet. */
  message(view: SessionView, isWhole: boolean): Extract<ToDashboard, { type: 'bestView' }> | undefined;
  dispose(): void;
};

export interface PanelNeeds {
  readonly sessions: Sessions;
  readonly actions: DashboardActions;
  readonly accepted: AcceptedCandidates;
  readonly bestView?: BestViewSource;
  readonly log: Pick<vscode.LogOutputChannel, 'warn' | 'error'>;
}

const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Ties a panel to its session until the panel goes. */
export function linkPanel(
  panel: vscode.WebviewPanel,
  sessionId: string,
  needs: PanelNeeds,
  onSessionChange: () => void,
): void {
  const { sessions, log } = needs;
  const comparison = new Comparison(sessions);
  const bestView = needs.bestView?.(sessionId, () => channel.changed());
  let accepted: ReadonlySet<number> = new Set();
  const feed = new SessionFeed({
    accepted: () => accepted,
    comparison: (...about) => comparison.message(...about),
    bestView: (...about) => bestView?.message(...about),
  });
  const channel = new DashboardChannel({
    messages(what, nowMs) {
      const view = sessions.get(sessionId);
      return view === undefined
        ? t(
            'This session is not in the list of sessions of this window. It appears here as soon as its host is connected.',
          )
        : feed[what](view, nowMs);
    },
    changesEveryMs() {
      const view = sessions.get(sessionId);
      const wordsMs = (view && wordsChangeEveryMs(view)) ?? Number.POSITIVE_INFINITY;
      const everyMs = Math.min(wordsMs, comparison.isWaiting ? comparisonIntervalMs : wordsMs);
      return everyMs === Number.POSITIVE_INFINITY ? undefined : everyMs;
    },
    post(message: ToDashboard) {
      // `false` says that the page went away meanwhile: the next one asks for a snapshot.
      panel.webview.postMessage(message).then(undefined, (error: unknown) => log.error(describe(error)));
    },
    clock: systemClock,
  });
  const readAccepted = (): void => {
    const view = sessions.get(sessionId);
    if (view === undefined) return;
    needs.accepted.of(view).then(
      (found) => {
        accepted = found;
        channel.changed();
      },
      (error: unknown) => log.warn(describe(error)),
    );
  };
  const answer = (message: FromDashboard): Promise<void> | undefined => {
    switch (message.type) {
      case 'ready':
        channel.ready();
        readAccepted();
        return undefined;
      case 'compare':
        comparison.choose(message.sessionIds);
        channel.changed();
        return undefined;
      default:
        return act(message, sessionId, needs.actions);
    }
  };
  const subscriptions = [
    sessions.onDidChange((changedId) => {
      const view = sessions.get(sessionId);
      if (changedId === sessionId) onSessionChange();
      else if (view === undefined || !comparison.changed(view, changedId)) return;
      channel.changed();
    }),
    needs.accepted.onDidChange(readAccepted),
    panel.onDidChangeViewState(() => channel.setVisible(panel.visible)),
    panel.webview.onDidReceiveMessage((raw: unknown) => {
      const message = fromDashboard.safeParse(raw);
      if (!message.success) {
        log.warn(`The dashboard sent a message that is not understood: ${message.error.message}`);
        return;
      }
      answer(message.data)?.catch((error: unknown) => {
        log.error(describe(error));
        void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      });
    }),
    ...(bestView === undefined ? [] : [bestView]),
  ];
  panel.onDidDispose(() => {
    channel.dispose();
    for (const subscription of subscriptions) subscription.dispose();
  });
}

function act(
  message: Exclude<FromDashboard, { type: 'ready' | 'compare' }>,
  sessionId: string,
  actions: DashboardActions,
): Promise<void> {
  switch (message.type) {
    case 'openDiff':
      return actions.openDiff(sessionId, message.candidate);
    case 'accept':
    case 'verify':
      return actions[message.type](sessionId, message.candidate);
    case 'openBestDiff':
    case 'pause':
    case 'resume':
    case 'stop':
      return actions[message.type](sessionId);
    case 'export':
      return actions.exportSession(sessionId, message.format);
    case 'exportChart':
      return actions.exportChart(sessionId, message);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
