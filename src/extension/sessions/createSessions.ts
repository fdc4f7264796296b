import { join } from 'node:path';
import { window, workspace, type ExtensionContext, type LogOutputChannel } from 'vscode';
import type { Closeable } from '../base/emitter';
import type { ContextKeys } from '../base/contextKeys';
import type { FailureReporter } from '../base/failureReporter';
import { stackOf } from '../base/failures';
import type { HostConnections } from '../hosts/hostConnections';
import { JournalCache } from './journalCache';
import { openSessionLink } from './sessionLink';
import { isEnded } from './sessionItems';
import { SessionRegistry } from './sessionRegistry';
import { SessionStore } from './sessionStore';
import { SessionsView } from './sessionsView';
import { SessionStatusBar } from './statusBar';

export interface SessionServices extends Closeable {
  readonly store: SessionStore;
}

/** Sessions: their store, their view and the status-bar item. What was followed before a reload is followed again. */
export function createSessions(needs: {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  readonly failures: FailureReporter;
  readonly hosts: HostConnections;
  readonly contextKeys: ContextKeys;
}): SessionServices {
  const { context, log, contextKeys } = needs;
  const folder = join(context.globalStorageUri.fsPath, 'sessions');
  const store = new SessionStore({
    registry: new SessionRegistry(folder),
    cache: new JournalCache(folder),
    windowMemory: context.workspaceState,
    openLink: (request) =>
      openSessionLink(request, needs.hosts, (reason) =>
        log.warn(`Contact with session ${request.session.id} was lost: ${stackOf(reason)}`),
      ),
    nowMs: Date.now,
    warn: (message, error) => log.warn(`${message}: ${stackOf(error)}`),
  });
  const updateKeys = (): void => {
    contextKeys.set('tttDiscover.hasSessions', store.all.length > 0);
    contextKeys.set(
      'tttDiscover.hasActiveSession',
      store.all.some((session) => !isEnded(session.snapshot)),
    );
  };
  updateKeys();
  const restore = (): void => {
    void needs.failures.guard('restoring sessions', () => store.restore(workspace.isTrusted));
  };
  restore();
  const parts: readonly Closeable[] = [
    store.onDidChange(updateKeys),
    workspace.onDidGrantWorkspaceTrust(restore),
    window.onDidChangeWindowState((state) => {
      if (state.focused) void needs.failures.guard('list of sessions', () => store.refresh());
    }),
    new SessionsView(store, Date.now),
    new SessionStatusBar(store),
    store,
  ];
  return {
    store,
    dispose() {
      for (const part of parts) part.dispose();
    },
  };
}
