import type { DashboardHeader } from '../../protocol/dashboardMessages';
import { processGone } from '../../protocol/verdictWords';
import { t } from '../base/translate';
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
      return snapshot.statusMessage ?? t('Making the environment ready');
    case 'running':
      return (
        snapshot.statusMessage ??
        (snapshot.steps.length === 0 ? t('Evaluating the initial program') : t('Step {0}', stepWords(view)))
      );
    case 'pausing':
      return t('After step {0}', stepWords(view));
    case 'paused':
      return snapshot.statusMessage ?? t('At step {0}', stepWords(view));
    case 'stopping':
      return t('At step {0}', stepWords(view));
    case 'finished':
      return snapshot.statusMessage ?? t('After step {0}', stepWords(view));
    case 'failed':
      return snapshot.statusMessage ?? t('The journal gives no reason');
  }
}

function stepWords(view: SessionView): string {
  const { steps, options } = view.snapshot;
  return options === undefined
    ? `${steps.length}`
    : t(
        { message: '{0} of {1}', comment: 'the number of a step, and of all steps' },
        steps.length,
        options.steps,
      );
}

/** A session that should be at work, but whose process the host says is not there, or cannot see. */
function interruption(connection: Connection): Status | undefined {
  if (connection.state !== 'connected') return undefined;
  const { verdict } = connection;
  // The journal's last entries are on their way.
  if (verdict.state === 'exited' && verdict.reason === 'finished') return undefined;
  if (verdict.state === 'exited' && verdict.reason === 'failed')
    return { status: 'failed', statusText: verdict.message ?? t('The host gives no reason') };
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
      return t('Connecting to {0}…', view.hostLabel);
    case 'offline':
      return view.lastContactMs === undefined
        ? t('Not connected to {0}', view.hostLabel)
        : t('Not connected to {0}, last heard {1} ago', view.hostLabel, age(nowMs - view.lastContactMs));
    case 'lost': {
      const heardAgo = age(nowMs - connection.sinceMs);
      const lost =
        connection.isUnverifiable === true
          ? t('No contact for {0}, so what it does now is not known', heardAgo)
          : t('Connection lost {0} ago', heardAgo);
      if (connection.retryAtMs === undefined) return `${lost}: ${connection.reason}`;
      const waitSeconds = Math.ceil((connection.retryAtMs - nowMs) / 1000);
      return waitSeconds <= 0
        ? t('{0}, trying again now ({1})', lost, connection.reason)
        : t('{0}, trying again in {1} s ({2})', lost, waitSeconds, connection.reason);
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
  if (seconds < 60) return t('{0} s', seconds);
  if (seconds < 3600) return t('{0} min', Math.floor(seconds / 60));
  if (seconds < 172_800) return t('{0} h', Math.floor(seconds / 3600));
  return t('{0} days', Math.floor(seconds / 86_400));
}
