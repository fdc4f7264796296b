import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { dashboardPageState } from '../../protocol/dashboardMessages';
import { distinctTitleOf } from '../sessions/sessionNames';
import type { Sessions } from '../sessions/sessions';
import type { AcceptedCandidates } from './acceptedCandidates';
import { dashboardPage } from './page';
import { linkPanel, type BestViewSource, type DashboardActions } from './panelLink';
import { t } from '../base/translate';

export const dashboardViewType = 'tttDiscover.dashboard';

export interface DashboardNeeds {
  readonly extensionUri: vscode.Uri;
  readonly sessions: Sessions;
  readonly actions: DashboardActions;
  readonly accepted: AcceptedCandidates;
  /** The picture of the best candidate, for a session's page; absent: there are none. */
  readonly bestView?: BestViewSource;
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
    linkPanel(panel, sessionId, needs, () => {
      const title = panelTitle(needs.sessions, sessionId);
      if (panel.title !== title) panel.title = title;
    });
    const at = (file: string): string =>
      panel.webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
    panel.webview.html = dashboardPage({
      nonce: randomBytes(16).toString('base64'),
      cspSource: panel.webview.cspSource,
      scriptUri: at('dashboard.js'),
      styleUri: at('dashboard.css'),
      codiconUri: at('codicon.css'),
      sessionId,
      // Without translations the page is English, and so are its numbers, whatever the editor's language is.
      language: vscode.l10n.bundle === undefined ? 'en' : vscode.env.language,
      texts: vscode.l10n.bundle ?? {},
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
  const session = sessions.get(sessionId);
  return session?.snapshot.problem === undefined
    ? t('Discovery session')
    : distinctTitleOf(session, sessions.all);
}
