import { join } from 'node:path';
import { commands, window, type ExtensionContext, type LogOutputChannel } from 'vscode';
import type { Closeable } from '../base/emitter';
import { currentSettings } from '../base/currentSettings';
import { stackOf } from '../base/failures';
import { commandIds } from '../commandIds';
import type { SessionStore } from '../sessions/sessionStore';
import { Notifier } from './notifier';
import { ToldNews } from './toldNews';

/** Notifications of sessions, at the level that the user set. */
export function createNotifications(needs: {
  readonly context: ExtensionContext;
  readonly store: SessionStore;
  readonly log: LogOutputChannel;
}): Closeable {
  const { context, store, log } = needs;
  const warn = (message: string, error: unknown): void => log.warn(`${message}: ${stackOf(error)}`);
  return new Notifier({
    sessions: store,
    told: new ToldNews(join(context.globalStorageUri.fsPath, 'sessions'), warn),
    level: () => currentSettings().notifications ?? 'important',
    nowMs: Date.now,
    show: (severity, text, buttons) =>
      severity === 'warning'
        ? window.showWarningMessage(text, ...buttons)
        : window.showInformationMessage(text, ...buttons),
    run: (command, sessionId) => void commands.executeCommand(commandIds[command], sessionId),
    onError: warn,
  });
}
