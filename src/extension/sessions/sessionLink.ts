import type { FollowerState } from '../../remote/attach/followerState';
import { followSession, type FollowerClock } from '../../remote/attach/sessionFollower';
import type { HostConnections } from '../hosts/hostConnections';
import { withoutAbsent } from '../../domain/withoutAbsent';
import type { Connection } from './sessions';
import type { LinkRequest, SessionLink } from './trackedSession';

/** Follows a session on its host over the host's shared connection, through losses of contact, until it is closed. */
export function openSessionLink(
  request: LinkRequest,
  hosts: Pick<HostConnections, 'connect'>,
  onLost: (reason: Error) => void,
  clock?: FollowerClock,
): SessionLink {
  const follower = followSession(
    request.session.id,
    (signal) => hosts.connect(request.session.target, signal),
    {
      onEntries: (entries) => request.onEntries(entries),
      onState(state) {
        if (state.state === 'lost') onLost(state.reason);
        request.onConnection(connectionOf(state));
      },
    },
    withoutAbsent({ afterSeq: request.lastSeq, clock }),
  );
  follower.start();
  return {
    get attachment() {
      return follower.attachment;
    },
    retryNow: () => follower.retryNow(),
    close: () => follower.stop(),
  };
}

function connectionOf(state: FollowerState): Connection {
  switch (state.state) {
    case 'connecting':
      return { state: 'connecting' };
    case 'lost':
      return {
        state: 'lost',
        sinceMs: state.sinceMs,
        reason: state.reason.message,
        ...(state.wasHeard ? { lastHeardMs: state.sinceMs } : {}),
        ...(state.isUnverifiable ? { isUnverifiable: true } : {}),
        ...withoutAbsent({ retryAtMs: state.retryAtMs }),
      };
    case 'connected':
    case 'offline':
      return state;
  }
}
