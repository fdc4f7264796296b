import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import {
  dashboardPageState,
  fromDashboard,
  type FromDashboard,
  type ToDashboard,
} from '../../protocol/dashboardMessages';
import type { Sessions } from '../sessions/sessions';
import { DashboardChannel, type Clock } from './channel';
import { dashboardPage } from './page';
import { projectDashboard } from './projection';
import { wordsChangeEveryMs } from './sessionWords';

export const dashboardViewType = 'tttDiscover.dashboard';

/** What the buttons of the page do. A rejection is shown and logged here; reject with words for people. */
export interface DashboardActions {
  openDiff(sessionId: string, candidate: number): Promise<void>;
  openBestDiff(sessionId: string): Promise<void>;
  accept(sessionId: string, candidate: number): Promise<void>;
  pause(sessionId: string): Promise<void>;
  resume(sessionId: string): Promise<void>;
  stop(sessionId: string): Promise<void>;
}

export interface DashboardNeeds {
  readonly extensionUri: vscode.Uri;
  readonly sessions: Sessions;
  readonly actions: DashboardActions;
  readonly log: Pick<vscode.LogOutputChannel, 'warn' | 'error'>;
}

export interface Dashboard {
  /** Opens the dashboard of a session beside the editor, or shows the one that is open. Focus stays where it is. */
  open(sessionId: string): void;
  dispose(): void;
}

/** One panel a session. Panels come back after a reload or a restart of the editor. */
export function registerDashboard(needs: DashboardNeeds): Dashboard {
  const panels = new Map<string, vscode.WebviewPanel>();
  const folder = vscode.Uri.joinPath(needs.extensionUri, 'dist', 'webview');

  const fill = (panel: vscode.WebviewPanel, sessionId: string): void => {
    panels.set(sessionId, panel);
    panel.onDidDispose(() => panels.delete(sessionId));
    panel.webview.options = { enableScripts: true, localResourceRoots: [folder] };
    connect(panel, sessionId, needs);
    const at = (file: string): string =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
    panel.webview.html = dashboardPage({
      nonce: randomBytes(16).toString('base64'),
      cspSource: panel.webview.cspSource,
      scriptUri: at('dashboard.js'),
      styleUri: at('dashboard.css'),
      codiconUri: at('codicon.css'),
      sessionId,
    });
  };

  const serializer = vscode.window.registerWebviewPanelSerializer(dashboardViewType, {
    deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
      const parsed = dashboardPageState.pick({ sessionId: true }).safeParse(state);
      if (!parsed.success || panels.has(parsed.data.sessionId)) {
        if (!parsed.success) needs.log.warn('A dashboard could not be restored: it has no session.');
        panel.dispose();
      } else {
        fill(panel, parsed.data.sessionId);
      }
      return Promise.resolve();
    },
  });

  return {
    open(sessionId) {
      const open = panels.get(sessionId);
      if (open !== undefined) {
        open.reveal(undefined, true);
        return;
      }
      fill(
        vscode.window.createWebviewPanel(
          dashboardViewType,
          panelTitle(needs.sessions, sessionId),
          { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true },
          { enableScripts: true, enableFindWidget: true, localResourceRoots: [folder] },
        ),
        sessionId,
      );
    },
    dispose() {
      serializer.dispose();
      for (const panel of [...panels.values()]) panel.dispose();
    },
  };
}

function panelTitle(sessions: Sessions, sessionId: string): string {
  return sessions.get(sessionId)?.snapshot.problem?.title ?? 'Discovery session';
}

const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Ties a panel to its session until the panel goes. */
function connect(panel: vscode.WebviewPanel, sessionId: string, needs: DashboardNeeds): void {
  const { sessions, log } = needs;
  const channel = new DashboardChannel({
    project(nowMs) {
      const view = sessions.get(sessionId);
      return view === undefined
        ? 'This session is not in the list of sessions of this window. It appears here as soon as its host is connected.'
        : projectDashboard(view, nowMs);
    },
    changesEveryMs() {
      const view = sessions.get(sessionId);
      return view === undefined ? undefined : wordsChangeEveryMs(view);
    },
    post(message: ToDashboard) {
      // `false` says that the page went away meanwhile: the next one asks for a snapshot.
      panel.webview.postMessage(message).then(undefined, (error: unknown) => log.error(describe(error)));
    },
    clock: systemClock,
  });
  const subscriptions = [
    sessions.onDidChange((changedId) => {
      if (changedId !== sessionId) return;
      const title = panelTitle(sessions, sessionId);
      if (panel.title !== title) panel.title = title;
      channel.changed();
    }),
    panel.onDidChangeViewState(() => channel.setVisible(panel.visible)),
    panel.webview.onDidReceiveMessage((raw: unknown) => {
      const message = fromDashboard.safeParse(raw);
      if (!message.success) {
        log.warn(`The dashboard sent a message that is not understood: ${message.error.message}`);
        return;
      }
      answer(message.data, sessionId, channel, needs.actions)?.catch((error: unknown) => {
        log.error(describe(error));
        void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
      });
    }),
  ];
  panel.onDidDispose(() => {
    channel.dispose();
    for (const subscription of subscriptions) subscription.dispose();
  });
}

function answer(
  message: FromDashboard,
  sessionId: string,
  channel: DashboardChannel,
  actions: DashboardActions,
): Promise<void> | undefined {
  switch (message.type) {
    case 'ready':
      channel.ready();
      return undefined;
    case 'openDiff':
      return actions.openDiff(sessionId, message.candidate);
    case 'accept':
      return actions.accept(sessionId, message.candidate);
    case 'openBestDiff':
    case 'pause':
    case 'resume':
    case 'stop':
      return actions[message.type](sessionId);
    case 'compare':
    case 'export':
    case 'exportChart':
      return undefined;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
