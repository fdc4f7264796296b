import { window, type LogOutputChannel } from 'vscode';
import { RemoteError, type HostClient, type HostTarget, type Progress } from '../../remote/hostClient';
import { Cancelled } from '../base/failures';
import { withNotification } from '../base/progress';
import { t } from '../base/translate';
import type { HostConnections } from '../hosts/hostConnections';
import { labelOf } from '../hosts/hostTargets';
import type { Attempt } from './startAttempts';

export interface OnHostContext {
  readonly connections: HostConnections;
  readonly log: LogOutputChannel;
}

/**
 * Connects and works with a progress notification that can be cancelled. A failure that may pass by itself is tried
 * again on the user's word, with the same session id: a start that had reached the host is not made twice.
 */
export async function onHost<T>(
  context: OnHostContext,
  target: HostTarget,
  title: string,
  work: (client: HostClient, report: Progress, signal: AbortSignal) => Promise<T>,
  attempt: Attempt = { isAsking: false, isReplaced: false },
): Promise<T> {
  const tryAgain = t('Try Again');
  for (;;) {
    try {
      return await withNotification(title, async (report, signal) => {
        report(t('connecting to {0}', labelOf(target)));
        const client = await context.connections.connect(target, signal, (message) => report(message));
        return work(client, report, signal);
      });
    } catch (error) {
      if (!(error instanceof RemoteError && error.isTransient)) throw error;
      context.log.warn(`${title}: ${error.stack ?? error.message}`);
      const text = `${error.message} ${error.advice}`;
      attempt.isAsking = true;
      const answer = await window.showErrorMessage(text, tryAgain);
      attempt.isAsking = false;
      // The failure was shown with this question, so it is not shown again.
      if (answer !== tryAgain || attempt.isReplaced) throw new Cancelled();
    }
  }
}
