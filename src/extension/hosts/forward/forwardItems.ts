import type { HostItem } from '../hostItems';
import type { PortForward } from './portForwards';

/** A row of the Hosts view, below its host. */
export function forwardItem({ localPort, hostPort, hostLabel, what }: PortForward): HostItem {
  const from = `port ${hostPort}${what === undefined ? '' : ` · ${what}`}`;
  return {
    label: `localhost:${localPort}`,
    description: from,
    tooltip: `127.0.0.1:${localPort} on this machine leads to port ${hostPort} on ${hostLabel} while it is connected.`,
    icon: 'plug',
    accessibleLabel: `Forwarded port: localhost ${localPort} leads to ${from} on ${hostLabel}`,
    contextValue: 'forward',
  };
}
