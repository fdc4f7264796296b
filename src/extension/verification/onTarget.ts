import type { HostClient, HostTarget, Progress } from '../../remote/hostClient';
import { withNotification } from '../base/progress';
import { t } from '../base/translate';
import type { HostConnections } from '../hosts/hostConnections';
import { labelOf } from '../hosts/hostTargets';

/** Works on a host under a notification that can be cancelled; connects first. */
export function onTarget<T>(
  connections: Pick<HostConnections, 'connect'>,
  target: HostTarget,
  title: string,
  work: (client: HostClient, report: Progress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withNotification(title, async (report, signal) => {
    report(t('connecting to {0}', labelOf(target)));
    const client = await connections.connect(target, signal, (message) => report(message));
    return work(client, report, signal);
  });
}
