import type { LogOutputChannel } from 'vscode';
import type { HostConnections } from '../hosts/hostConnections';
import type { LinkRequest, SessionLink } from './trackedSession';

/** Follows a session on its host. */
export function openSessionLink(
  request: LinkRequest,
  _hosts: HostConnections,
  _log: LogOutputChannel,
): SessionLink {
  request.onConnection({ state: 'offline' });
  return { attachment: undefined, close: () => Promise.resolve() };
}
