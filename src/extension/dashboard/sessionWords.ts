import type { DashboardHeader } from '../../protocol/dashboardMessages';
import { processGone } from '../../protocol/verdictWords';
import type { Connection, SessionView } from '../sessions/sessions';

type Status = Pick<DashboardHeader, 'status' | 'statusText'>;

/** What the session does or why it ended, for people. Steps are counted from 1. */
export function statusOf(view: SessionView): Status {
  const { status } = view.snapshot;
  const ended = status === 'finished' || status === 'failed';
  return (ended ? undefined : interruption(view.connection)) ?? { status, statusText: statusText(view) };
}

function statusText(view: SessionView): string {
  const { snapshot } = view;
  switch (snapshot.status) {
    case 'preparing':
      return snapshot.statusMessage ?? 'Making the environment ready';
    case 'running':
      return (
        snapshot.statusMessage ??
        (snapshot.steps.length === 0 ? 'Evaluating the initial program' : `Step ${stepWords(view)}`)
      );
    case 'pausing':
      return `After step ${stepWords(view)}`;
    case 'paused':
      return snapshot.statusMessage ?? `At step ${stepWords(view)}`;
    case 'stopping':
      return `At step ${stepWords(view)}`;
    case 'finished':
      return snapshot.statusMessage ?? `After step ${stepWords(view)}`;
    case 'failed':
      return snapshot.statusMessage ?? 'The journal gives no reason';
  }
}

function stepWords(view: SessionView): string {
  const { steps, options } = view.snapshot;
  return options === undefined ? `${steps.length}` : `${steps.length} of ${options.steps}`;
}

/** A session that should be at work, but whose process the host says is not there, or cannot see. */
function interruption(connection: Connection): Status | undefined {
  if (connection.state !== 'connected') return undefined;
  const { verdict } = connection;
  // The journal's last entries are on their way.
  if (verdict.state === 'exited' && verdict.reason === 'finished') return undefined;
  if (verdict.state === 'exited' && verdict.reason === 'failed')
    return { status: 'failed', statusText: verdict.message ?? 'The host gives no reason' };
  const words = processGone(verdict);
  if (words === undefined) return undefined;
  return { status: 'interrupted', statusText: [words.what, words.advice].filter(Boolean).join(' ') };
}

/** Words for a link that is not up; `null` when it is, and when the session is over and needs none. */
export function connectionText(view: SessionView, nowMs: number): string | null {
  const { connection, snapshot } = view;
  if (snapshot.status === 'finished' || snapshot.status === 'failed') return null;
  switch (connection.state) {
    case 'connected':
      return null;
    case 'connecting':
      return `Connecting to ${view.hostLabel}…`;
    case 'offline':
      return view.lastContactMs === undefined
        ? `Not connected to ${view.hostLabel}`
        : `Not connected to ${view.hostLabel}, last heard ${age(nowMs - view.lastContactMs)} ago`;
    case 'lost': {
      const heardAgo = age(nowMs - connection.sinceMs);
      const lost =
        connection.isUnverifiable === true
          ? `No contact for ${heardAgo}, so what it does now is not known`
          : `Connection lost ${heardAgo} ago`;
      if (connection.retryAtMs === undefined) return `${lost}: ${connection.reason}`;
      const waitSeconds = Math.ceil((connection.retryAtMs - nowMs) / 1000);
      const retry = waitSeconds <= 0 ? 'trying again now' : `trying again in ${waitSeconds} s`;
      return `${lost}, ${retry} (${connection.reason})`;
    }
  }
}

/** How often the words above change by themselves; `undefined` when they do not. */
export function wordsChangeEveryMs(view: SessionView): number | undefined {
  switch (view.connection.state) {
    case 'lost':
      return 1000;
    case 'offline':
      return view.lastContactMs === undefined ? undefined : 30_000;
    case 'connected':
    case 'connecting':
      return undefined;
  }
}

function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}
