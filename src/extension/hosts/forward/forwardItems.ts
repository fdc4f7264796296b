import type { HostItem } from '../hostItems';
import type { PortForward } from './portForwards';
import { t } from '../../base/translate';

/** A row of the Hosts view, below its host. */
export function forwardItem({ localPort, hostPort, hostLabel, what }: PortForward): HostItem {
  const from = what === undefined ? t('port {0}', hostPort) : `${t('port {0}', hostPort)} · ${what}`;
  return {
    label: `localhost:${localPort}`,
    description: from,
    tooltip: t(
      '127.0.0.1:{0} on this machine leads to port {1} on {2} while it is connected.',
      localPort,
      hostPort,
      hostLabel,
    ),
    icon: 'plug',
    accessibleLabel: t('Forwarded port: localhost {0} leads to {1} on {2}', localPort, from, hostLabel),
    contextValue: 'forward',
  };
}
