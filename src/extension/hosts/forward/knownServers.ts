import type { HostFacts } from '../../../domain/host/hostFacts';
import { isReachedFromEditor } from '../../../domain/session/modelSettings';
import { hostKeyOf, type HostTarget } from '../../../remote/hostClient';
import { isEnded } from '../../sessions/sessionItems';
import { titleOf } from '../../sessions/sessionNames';
import type { SessionView } from '../../sessions/sessions';
import { t } from '../../base/translate';

/** A server that listens on a host for this host alone. */
export interface KnownServer {
  readonly port: number;
  readonly what: string;
}

/** Servers that sessions of a host ask there; what is known here without asking the host. */
export function serversOfSessions(sessions: readonly SessionView[], target: HostTarget): KnownServer[] {
  const hostKey = hostKeyOf(target);
  return sessions.flatMap((view) => {
    const model = view.snapshot.options?.model;
    const isOurs = hostKeyOf(view.target) === hostKey && !isEnded(view.snapshot);
    const port = isOurs && !isReachedFromEditor(model) ? loopbackPortOf(model?.server ?? '') : undefined;
    return port === undefined ? [] : [{ port, what: t('model server of {0}', `"${titleOf(view)}"`) }];
  });
}

/** Servers that the host itself found. */
export function serversOfHost(
  { modelServers }: Pick<HostFacts, 'modelServers'>,
  titleOfSession: (sessionId: string) => string | undefined,
): KnownServer[] {
  if (modelServers.state !== 'found') return [];
  return modelServers.value.flatMap(({ url, sessionId, answers, models }) => {
    const port = loopbackPortOf(url);
    if (port === undefined || !answers) return [];
    const title = sessionId === undefined ? undefined : titleOfSession(sessionId);
    const whose = title === undefined ? sessionId : `"${title}"`;
    const what = whose === undefined ? t('model server') : t('model server of {0}', whose);
    return [{ port, what: models.length === 0 ? what : `${what}: ${models.join(', ')}` }];
  });
}

/** One each port; the first word for it counts. */
export function eachOnce(servers: readonly KnownServer[]): KnownServer[] {
  const byPort = new Map<number, KnownServer>();
  for (const server of servers) if (!byPort.has(server.port)) byPort.set(server.port, server);
  return [...byPort.values()];
}

/** A port that people typed, or `undefined`. */
export function portOfText(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text.trim()) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function loopbackPortOf(address: string): number | undefined {
  if (!URL.canParse(address)) return undefined;
  const { hostname, port, protocol } = new URL(address);
  if (!/^(localhost|127(\.\d+){3}|\[::1\]|0\.0\.0\.0)$/.test(hostname)) return undefined;
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}
